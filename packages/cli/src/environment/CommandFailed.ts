/** The command cannot do what it was asked for. `message` is one line: what is wrong, where, and what to do. */
export class CommandFailed extends Error {
  readonly _tag = "CommandFailed"
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The command line itself is wrong; exit code 2. */
export class BadUsage extends CommandFailed {
  constructor(message: string) {
    super(message, 2)
  }
}
