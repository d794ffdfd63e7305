import { readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { type CallingEntry, isAsyncCall, isAwaited, waitAt } from "han-core/unstable/ClientWaits"
import type { HookArgs } from "./HookArgs.ts"

/** The client's limits for a call of han. */
export interface ClientTimeout {
  /** Milliseconds from the start of this process; the shortest of all entries that make such a call. */
  readonly waitMs: number
  /** The client's end ends this process, and nobody minds. */
  readonly isAwaited: boolean
}

/**
 * Looks in the files in which the client has its entries, of the user, of the project and of the plugin that calls. What cannot be read is none, as it is to the client; where no
 * entry is found the client's own limits count.
 */
export const clientTimeout = (
  { async, only }: Pick<HookArgs, "async" | "only">,
  event: string | null,
  project: string,
  environment: Readonly<Record<string, string | undefined>>
): ClientTimeout => {
  const own = environment["CLAUDE_CONFIG_DIR"] ?? ""
  const plugin = environment["CLAUDE_PLUGIN_ROOT"] ?? ""
  const files = [
    join(own === "" || own.includes(",") ? join(homedir(), ".claude") : own, "settings.json"),
    join(project, ".claude", "settings.json"),
    join(project, ".claude", "settings.local.json"),
    ...(plugin === "" ? [] : [join(plugin, "hooks", "hooks.json")])
  ]
  const names = only === null ? [event ?? ""] : [only.plugin, only.hook]
  const entries = files
    .flatMap((file) => handlersAt(file, event))
    .flatMap(({ args, async, command, timeout }): ReadonlyArray<CallingEntry> => {
      const words = typeof command === "string" ? [command, ...list(args)].join(" ").split(/[\s'"]+/) : []
      const at = words.findIndex((word, index) => word === "hook" && /^(?:run|dispatch)$/.test(words[index + 1] ?? ""))
      if (at === -1 || !names.every((name) => words.includes(name, at))) return []
      const limit = typeof timeout === "number" && timeout > 0 ? timeout * 1000 : null
      return [{ timeout: limit, async: async === true, flagged: words.includes("--async", at) }]
    })
  return { waitMs: waitAt(event, environment, entries), isAwaited: isAwaited(event) && !isAsyncCall(async, entries) }
}

type Fields = { readonly [name: string]: unknown }

const handlersAt = (file: string, event: string | null): ReadonlyArray<Fields> => {
  const hooks = field(written(file), "hooks")
  return list(field(hooks, event ?? "")).flatMap((group) => list(field(group, "hooks")).filter(isRecord))
}

const isRecord = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value)
const field = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined)
const list = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

const written = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return undefined
  }
}
