import { typeOf } from "han-core/Message"
import type { MessageLine } from "han-core/Messages"
import { instantOf, isoOf } from "../relay/instant.ts"
import { contentBlocks } from "./ContentBlocks.ts"
import { dataText, flagField, textField, wholeField } from "./lineFields.ts"
import { eventOf, filled, isObject, recordOf } from "./lineRecord.ts"
import { content, messageType } from "./Message.ts"

export const SummaryMessage = messageType("SummaryMessage", "A summary: of a whole conversation, or of what a compaction took out of it.", {
  content,
  contentBlocks,
  isCompactSummary: flagField(
    "Whether it stands for what a compaction took out. A summary that merely names a conversation is none.",
    ({ message }) => message.kind === "compaction"
  )
})

/** The part of the line's type behind the slash; a line without one is its own kind of notice. */
const subtypeOf = ({ message }: MessageLine): string | null => {
  const { type } = message.envelope
  return filled(type.startsWith("system") ? type.slice("system/".length) : type)
}

export const SystemMessage = messageType("SystemMessage", "A notice of the client: a compaction, an error of the API, what hooks said, a pull request.", {
  content,
  isMeta: flagField("Whether the client marked it as not part of the conversation.", ({ message }) => message.envelope.isMeta),
  level: textField("How grave it is, such as info, warning or error.", (line) => eventOf(line, "SystemNoted")?.level ?? filled(recordOf(line)["level"])),
  subtype: textField("What kind of notice it is, such as compact_boundary.", subtypeOf)
})

const snapshotTimeOf = (line: MessageLine): string | null => {
  const { snapshot, timestamp } = recordOf(line)
  return isoOf((isObject(snapshot) ? instantOf(snapshot["timestamp"]) : instantOf(timestamp)) ?? line.message.at)
}

export const FileHistorySnapshotMessage = messageType(
  "FileHistorySnapshotMessage",
  "The client kept copies of files, so that they can be put back as they were.",
  {
    messageId: textField("The uuid of the message before which the files were as kept.", (line) => eventOf(line, "FilesSnapshotted")?.messageId ?? null),
    fileCount: wholeField("How many files it names.", (line) => eventOf(line, "FilesSnapshotted")?.paths.length ?? null),
    isSnapshotUpdate: flagField("Whether it adds to an earlier snapshot.", (line) => eventOf(line, "FilesSnapshotted")?.isUpdate ?? null),
    snapshotTimestamp: textField("When the copies were made, ISO 8601 in UTC.", snapshotTimeOf)
  }
)

const queuedOf = (line: MessageLine): string | null => {
  const queued = eventOf(line, "QueueChanged")
  return queued === null ? dataText("task_description")(line) : filled(queued.text)
}

export const QueueOperationMessage = messageType("QueueOperationMessage", "Something was put into the queue of prompts, or taken out of it.", {
  operation: textField("What was done, such as enqueue, dequeue or remove.", (line) => eventOf(line, "QueueChanged")?.operation ?? dataText("operation")(line)),
  queueSessionId: textField(
    "The session whose queue it is.",
    (line) => dataText("queue_session_id", "session_id")(line) ?? line.message.envelope.sessionId ?? line.message.sessionId
  ),
  content: textField("What was queued.", queuedOf)
})

export const UnknownEventMessage = messageType("UnknownEventMessage", "A line of a kind that has no type of its own; nothing is left out.", {
  eventType: textField("The name of han's event, or the line's own type.", (line) => eventOf(line, "HanNoted")?.name ?? filled(line.message.envelope.type)),
  messageType: textField("The family of the line: han_event, attachment, progress or unknown.", ({ message }) => typeOf(message.kind)),
  content
})
