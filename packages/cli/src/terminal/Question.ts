import { createInterface } from "node:readline"

/** Whether the person at the terminal answers the question, which was asked already, with yes. */
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
