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
