/**
 * The answer to a hook call, as a program gives it to the client that called it.
 *
 * @example
 * ```ts
 * import type { HookAnswer } from "han-core/HookAnswer"
 *
 * const give = ({ exitCode, stderr, stdout }: HookAnswer): void => {
 *   process.stdout.write(stdout)
 *   process.stderr.write(stderr)
 *   process.exitCode = exitCode
 * }
 * ```
 */

import * as Schema from "effect/Schema"

/** The outputs that the called program writes, and the code that it ends with: 2 blocks the agent; with 0 the JSON in `stdout` decides. */
export const HookAnswer = Schema.Struct({
  exitCode: Schema.Int,
  /** One JSON object, or plain text, or nothing. */
  stdout: Schema.String,
  stderr: Schema.String
})
export type HookAnswer = typeof HookAnswer.Type
