import * as Schema from "effect/Schema"

/** What the agent is told: what the called program writes, and the code that it ends with. */
export const HookAnswer = Schema.Struct({
  exitCode: Schema.Int,
  /** One JSON object, or plain text, or nothing. */
  stdout: Schema.String,
  stderr: Schema.String
})
export type HookAnswer = typeof HookAnswer.Type
