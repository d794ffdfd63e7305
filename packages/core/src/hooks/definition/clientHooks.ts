import * as Duration from "effect/Duration"
import { array, filled, isObject, type JsonObject, number, object } from "../../text/json.ts"
import { type ClientHook, HookLimit, type HookProblem } from "../Hook.ts"
import { clientFaults } from "./TriggerFault.ts"

/** An entry as its file has it. */
export type ClientEntry = Omit<ClientHook, "plugin" | "scope" | "file">

/** The entries under `hooks` of a settings file, of `hooks/hooks.json` or of a plugin's manifest. What Claude Code cannot read is left out, and said; so is a matcher that lets nothing in. */
export const clientHooksIn = (
  value: unknown,
  path: string
): { readonly entries: ReadonlyArray<ClientEntry>; readonly problems: ReadonlyArray<HookProblem> } => {
  const entries: Array<ClientEntry> = []
  const problems: Array<HookProblem> = []
  const wrong = (key: string, what: string) =>
    problems.push({ severity: "warning", path, line: null, key, message: `${path}: ${key} ${what}, and was left out` })
  if (value !== undefined && !isObject(value)) wrong("hooks", "is no object of events")
  for (const [event, groups] of Object.entries(object(value) ?? {})) {
    if (!Array.isArray(groups)) wrong(`hooks.${event}`, "is no list")
    for (const [index, group] of array(groups).entries()) {
      if (!isObject(group) || !Array.isArray(group.hooks)) {
        wrong(`hooks.${event}.${index}`, "has no list `hooks`")
        continue
      }
      const key = `hooks.${event}.${index}.matcher`
      for (const what of clientFaults(event, filled(group.matcher))) {
        problems.push({ severity: "warning", path, line: null, key, message: `${path}: ${key} ${what}` })
      }
      for (const [place, hook] of group.hooks.entries()) {
        if (isObject(hook)) entries.push(entry(event, filled(group.matcher), hook))
        else wrong(`hooks.${event}.${index}.hooks.${place}`, "is no object")
      }
    }
  }
  return { entries, problems }
}

const entry = (event: string, matcher: string | null, hook: JsonObject): ClientEntry => {
  const seconds = number(hook.timeout)
  return {
    event,
    matcher,
    type: filled(hook.type) ?? "command",
    what: filled(hook.command) ?? filled(hook.url) ?? filled(hook.prompt) ?? filled(hook.tool),
    args: Array.isArray(hook.args) ? hook.args.map(String) : null,
    condition: filled(hook.if),
    timeout: seconds === null || seconds <= 0 ? null : HookLimit.make(Duration.seconds(seconds)),
    async: hook.async === true
  }
}
