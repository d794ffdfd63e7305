import type { MessageLine } from "han-core/Messages"
import { contentBlocks } from "./ContentBlocks.ts"
import { textField, wholeField } from "./lineFields.ts"
import { eventOf, filled, isEvent, recordOf } from "./lineRecord.ts"
import { content, type MessageFields, messageInterface, messageType } from "./Message.ts"
import { hasFlag } from "./messageTypeName.ts"
import { SentimentAnalysis, sentimentOf } from "./SentimentAnalysis.ts"

const userFields: MessageFields = {
  content,
  contentBlocks,
  sentimentAnalysis: {
    type: SentimentAnalysis,
    description: "How its writer sounds. Null for what nobody typed as a prompt: commands, their output, results, notices of the client.",
    resolve: sentimentOf
  }
}

export const UserMessage = messageInterface("UserMessage", "A message that the model was given.", userFields)

const userMessage = (name: string, description: string, fields: MessageFields = {}) =>
  messageType(name, description, { ...userFields, ...fields }, [UserMessage])

/** As it was typed, but for the slash: `compact`, and `!ls` for a command of the shell. */
const commandNameOf = (line: MessageLine): string | null => {
  const stated = hasFlag(line, "isCommand") ? filled(recordOf(line)["command"]) : null
  const run = eventOf(line, "CommandRun")
  const name = stated ?? run?.name ?? line.message.text.trim().split(/\s/, 1)[0] ?? ""
  return filled(stated === null && run?.shell === true ? `!${name}` : name.replace(/^\//, ""))
}

export const RegularUserMessage = userMessage("RegularUserMessage", "A prompt: typed, queued, sent by a script, or written by another agent or the client.")

export const CommandUserMessage = userMessage("CommandUserMessage", "A slash command that was called, or a shell command typed after an exclamation mark.", {
  commandName: textField("The command's name without its slash. A shell command is given whole, with its exclamation mark.", commandNameOf)
})

export const InterruptUserMessage = userMessage("InterruptUserMessage", "Somebody stopped the model.")

export const MetaUserMessage = userMessage("MetaUserMessage", "Text that the client added: a command's body or output, a hook's feedback, a caveat.")

export const ToolResultUserMessage = userMessage("ToolResultUserMessage", "Results of tools, handed to the model.", {
  toolResultCount: wholeField("How many results it has.", ({ message }) => message.events.filter((event) => isEvent(event, "ToolReturned")).length)
})
