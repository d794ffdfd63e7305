import { createInterface } from "node:readline"

/** True when the person at the terminal answers yes to the question, which was printed before. */
export const confirmed = (): Promise<boolean> =>
  new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin })
    let answer = false
    lines.once("line", (line) => {
      answer = /^y(es)?$/i.test(line.trim())
      lines.close()
    })
    lines.once("close", () => resolve(answer))
  })

/** The line that the person at the terminal types, which the terminal does not show; null when they end it with Ctrl-C, Ctrl-D or Escape. */
export const secret = (): Promise<string | null> =>
  new Promise((resolve) => {
    const { stdin } = process
    let typed = ""
    const end = (answer: string | null) => {
      stdin.off("data", take)
      stdin.off("end", gone)
      stdin.setRawMode(false)
      stdin.pause()
      resolve(answer)
    }
    const gone = () => end(null)
    const take = (chunk: Buffer) => {
      for (const character of chunk.toString()) {
        if (character === "\r" || character === "\n") return end(typed)
        if (character === "\u0003" || character === "\u0004" || character === "\u001b") return end(null)
        typed = character === "\u007f" || character === "\b" ? typed.slice(0, -1) : typed + character
      }
    }
    // The terminal itself would show what is typed, and Ctrl-C would end the program with the terminal left as it is now.
    stdin.setRawMode(true)
    stdin.on("data", take)
    stdin.on("end", gone)
    stdin.resume()
  })
