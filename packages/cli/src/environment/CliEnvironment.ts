import type { Output } from "./Output.ts"

/** The machine as a command sees it. Only `bin` fills it in. */
export interface CliEnvironment {
  readonly version: string
  readonly out: Output
  readonly err: Output
  readonly terminal: {
    /** Standard output is a terminal: tables fit it, long texts go through the pager. */
    readonly output: boolean
    /** Somebody can be asked: standard input and standard error are terminals. */
    readonly canAsk: boolean
    /** Standard error is a terminal that can draw a bar. */
    readonly progress: boolean
    readonly columns: number
    readonly colour: boolean
    /** The pager's argv; empty when there is none. */
    readonly pager: ReadonlyArray<string>
  }
  readonly now: () => number
  /** The folder of han's own data. */
  readonly home: string
  /** The directories of `PATH`. */
  readonly path: ReadonlyArray<string>
  /** The environment of a coordinator that this command starts. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly startTimeoutMs: number
  readonly answerTimeoutMs: number
  /** The file of this program when it is one compiled executable. */
  readonly executable: string | undefined
}
