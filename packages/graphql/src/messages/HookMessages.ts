import { GraphQLObjectType } from "graphql"
import type { MessageLine } from "han-core/Messages"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { dataFlag, dataText, dataTexts, dataWhole, flagField, textField, wholeField } from "./lineFields.ts"
import { eventOf, hanDataOf, isObject, whole } from "./lineRecord.ts"
import { replyTo } from "./lineReply.ts"
import { messageType } from "./Message.ts"

const hook = textField("The hook's name.", dataText("hook", "hook_name"))
const hookName = textField("The hook's name.", dataText("hook", "hook_name"))
const plugin = textField("The plugin that the hook belongs to.", dataText("plugin"))
const hookType = textField("The client's event that called it, such as Stop.", dataText("hook_type"))
const directory = textField("Where it ran.", dataText("directory"))
const filePath = textField("The file that it is about.", dataText("file_path"))
const durationMs = wholeField("How long it took, in milliseconds.", dataWhole("duration_ms"))
const exitCode = wholeField("The exit code of its command.", dataWhole("exit_code"))
const output = textField("What it printed.", dataText("output"))
const error = textField("What went wrong.", dataText("error"))
const cached = flagField("Whether it was spared because nothing had changed since it last passed.", dataFlag("cached"))

/** The outcome that the line states; without one, the exit code decides. */
const succeeded = (line: MessageLine): boolean | null => {
  const code = whole(hanDataOf(line)["exit_code"])
  return dataFlag("success")(line) ?? (code === null ? null : code === 0)
}
const success = flagField("Whether it went well.", succeeded)

const HookResult = new GraphQLObjectType<MessageLine, GraphqlContext>({
  name: "HookResult",
  description: "How a run of a hook ended.",
  fields: {
    id: textField("Names it among everything that this API answers.", ({ message }) => `HookResult:${message.id}`),
    success,
    result: output,
    output,
    error,
    durationMs,
    exitCode,
    cached
  }
})

const runIdOf = (line: MessageLine): string => dataText("hook_run_id")(line) || line.message.id

export const HookRunMessage = messageType("HookRunMessage", "A hook began to run.", {
  hookName,
  hook,
  plugin,
  hookType,
  directory,
  hookRunId: textField("The id by which its result names the run.", runIdOf),
  cached,
  result: {
    type: HookResult,
    description: "How it ended; null while it runs, and when nothing told its end.",
    resolve: (line, _, context) => replyTo(line, runIdOf(line), context)
  }
})

export const HookResultMessage = messageType("HookResultMessage", "A run of a hook ended.", {
  hook,
  directory,
  hookName,
  plugin,
  success,
  durationMs,
  exitCode,
  output,
  error,
  cached
})

export const HookCheckStateMessage = messageType("HookCheckStateMessage", "The state of the checks before the agent stops.", {
  hookType,
  hooksCount: wholeField("How many hooks are due.", dataWhole("hooks_count")),
  fingerprint: textField("Stands for the state: equal states have equal ones.", dataText("fingerprint"))
})

export const HookReferenceMessage = messageType("HookReferenceMessage", "A hook put a file in front of the model.", {
  filePath,
  plugin,
  reason: textField("What for.", dataText("reason")),
  success,
  durationMs
})

export const HookValidationMessage = messageType("HookValidationMessage", "A hook checked a folder.", {
  hook,
  plugin,
  directory,
  success,
  cached,
  durationMs,
  exitCode,
  output,
  error
})

export const HookScriptMessage = messageType("HookScriptMessage", "A hook ran a command.", {
  command: textField("The command line.", dataText("command")),
  plugin,
  success,
  durationMs,
  exitCode,
  output
})

export const HookDatetimeMessage = messageType("HookDatetimeMessage", "A hook told the model the time.", {
  datetime: textField("The time as it was told.", dataText("datetime")),
  plugin,
  durationMs
})

export const HookFileChangeMessage = messageType("HookFileChangeMessage", "A tool changed a file, as a hook saw it.", {
  filePath,
  action: textField("created, modified or deleted.", (line) => dataText("action")(line) || (eventOf(line, "FileChanged")?.action ?? null)),
  changeToolName: textField("The tool that changed it.", dataText("tool_name", "change_tool_name")),
  recordedSessionId: textField("The session in which it happened, as the hook was told.", dataText("session_id", "recorded_session_id"))
})

/** `files` maps paths to digests, or lists paths. */
const fileCountOf = (line: MessageLine): number | null => {
  const { files } = hanDataOf(line)
  return isObject(files) ? Object.keys(files).length : (dataTexts("files")(line)?.length ?? dataWhole("file_count")(line))
}

export const HookValidationCacheMessage = messageType("HookValidationCacheMessage", "Files passed a check as they are, and need none until they change.", {
  hook,
  plugin,
  directory,
  fileCount: wholeField("How many files.", fileCountOf)
})
