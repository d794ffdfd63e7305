import type { YamlFile } from "../../files/yamlFile.ts"
import { isPluginName } from "../../plugins/pluginKey.ts"
import { isObject } from "../../text/json.ts"
import { type HookDefinition, HookPhase, type HookProblem, type HookTrigger, type PluginHooks, takesFiles } from "../Hook.ts"
import { isOfTools } from "../HookMatcher.ts"
import { commandFor } from "../shell/hookFiles.ts"
import { HookKeys, problemAt, standardTriggers } from "./hookKeys.ts"

export const hanPluginFile = "han-plugin.yml"

/** The keys beside `hooks`; other parts of han read them. */
const otherKeys = ["learn_patterns", "memory", "mcp_servers"]
const hookKeys =
  "command event subagents dirs_with dir_test file_test if_changed depends_on timeout idle_timeout tool_filter sync mcp tip description enabled cache on_error environment tools phase".split(
    " "
  )

/** The hooks of a `han-plugin.yml`. One that has an error is left out; the others stay. */
export const hooksIn = (file: YamlFile): PluginHooks => {
  const problems: Array<HookProblem> = []
  new HookKeys(file, [], file.value, problems).only(["hooks", ...otherKeys])
  const listed = file.value.hooks
  if (listed !== undefined && listed !== null && !isObject(listed)) {
    problems.push(problemAt(file, ["hooks"], "error", "must be hooks by their names; it has none now"))
  }
  const hooks: Array<HookDefinition> = []
  for (const [name, value] of Object.entries(isObject(listed) ? listed : {})) {
    const found = hookIn(file, name, value, problems)
    if (found !== null) hooks.push(found)
  }
  return { hooks, problems }
}

const hookIn = (file: YamlFile, name: string, value: unknown, problems: Array<HookProblem>): HookDefinition | null => {
  const at = ["hooks", name]
  if (!isPluginName(name)) {
    problems.push(problemAt(file, at, "error", "is no name of a hook: no spaces, slashes or @, at most 128 characters, and no dot at the start"))
    return null
  }
  if (!isObject(value)) {
    problems.push(problemAt(file, at, "error", "must be a hook with a command"))
    return null
  }
  const keys = new HookKeys(file, at, value, problems)
  keys.only(hookKeys)
  const command = keys.text("command")
  if (keys.isSound && (command === undefined || command.trim() === "")) keys.fail(command === undefined ? [] : ["command"], "has no command to run")
  const withFiles = command !== undefined && takesFiles({ command }) ? commandFor(command) : null
  if (withFiles !== null && "refused" in withFiles) keys.warn(["command"], `cannot be run: ${withFiles.refused}`)
  const triggers = triggersIn(keys)
  const toolFilter = keys.toolNames("tool_filter") ?? null
  if (toolFilter !== null && !triggers.some(({ event }) => isOfTools(event))) keys.warn(["tool_filter"], "counts at events of tools, and the hook names none")
  const hook: HookDefinition = {
    name,
    command: command ?? "",
    beforeAll: null,
    triggers,
    dirsWith: keys.markers("dirs_with") ?? [],
    dirTest: keys.text("dir_test") ?? null,
    fileTest: keys.text("file_test") ?? null,
    ifChanged: keys.globs("if_changed") ?? [],
    dependsOn: keys.dependencies("depends_on") ?? [],
    timeout: keys.seconds("timeout") ?? null,
    idleTimeout: keys.seconds("idle_timeout") ?? null,
    toolFilter,
    environment: keys.variables("environment") ?? [],
    tools: keys.programs("tools") ?? [],
    phase: keys.choice("phase", HookPhase.literals) ?? null,
    sync: keys.flag("sync") ?? false,
    mcp: keys.flag("mcp") ?? false,
    tip: keys.text("tip") ?? null,
    description: keys.text("description") ?? null,
    enabled: keys.flag("enabled") ?? true,
    cache: keys.flag("cache") ?? true,
    onError: keys.choice("on_error", ["open", "closed"]) ?? "open",
    line: file.lineOf(at)
  }
  return keys.isSound ? hook : null
}

const triggersIn = (keys: HookKeys): ReadonlyArray<HookTrigger> => {
  const subagents = keys.flag("subagents")
  const triggers = keys.triggers("event", subagents === false) ?? standardTriggers(subagents === false)
  if (subagents !== undefined && !triggers.some(({ event }) => event === "Stop"))
    keys.warn(["subagents"], "says what Stop means, and the hook does not name Stop")
  return triggers
}
