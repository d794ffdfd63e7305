import type { SessionEvent, SessionEventOf } from "../journal/SessionEvent.ts"

/** A command as it was typed: `/review PR 12`, `!ls`. */
export const commandLine = ({ args, name, shell }: Pick<SessionEventOf<"CommandRun">, "args" | "name" | "shell">): string =>
  shell ? `!${name}` : args === "" ? name : `${name} ${args}`

/** The command whose words are this prompt; null for any other prompt. */
export const commandOf = (events: ReadonlyArray<SessionEvent>, prompt: SessionEventOf<"Prompted">): SessionEventOf<"CommandRun"> | null => {
  for (const event of events) if (event._tag === "CommandRun" && event.args !== "" && !event.shell && commandLine(event) === prompt.text) return event
  return null
}
