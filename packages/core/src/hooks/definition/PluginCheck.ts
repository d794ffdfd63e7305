import { existsSync } from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { realPath } from "../../plugins/pluginPlaces.ts"
import type { ClientHook, HookDefinition, HookProblem } from "../Hook.ts"
import { doubleCalls, doubleText } from "./HookCallers.ts"
import { hanPluginFile } from "./hanPluginFile.ts"
import { hookReading } from "./hookReading.ts"

/** The hooks of one plugin's files, and the faults in them. It is sound when no problem is an error. */
export interface PluginReport {
  readonly root: string
  readonly hooks: ReadonlyArray<HookDefinition>
  readonly clientHooks: ReadonlyArray<Omit<ClientHook, "plugin" | "scope">>
  readonly problems: ReadonlyArray<HookProblem>
}

/** No folder of a plugin. */
export class PluginFolderInvalid extends Schema.TaggedError<PluginFolderInvalid>("han-core/PluginFolderInvalid")("PluginFolderInvalid", {
  path: Schema.String,
  message: Schema.String
}) {}

const marks = [hanPluginFile, path.join("hooks", "hooks.json"), path.join(".claude-plugin", "plugin.json")]

/** Reads the files of the plugin in a folder, wherever it lies. Runs nothing. */
export const check = Effect.fn("PluginCheck.check")(function* (folder: string) {
  const root = realPath(folder)
  if (root === null) return yield* new PluginFolderInvalid({ path: folder, message: `${folder} is no folder that can be looked into` })
  if (!marks.some((mark) => existsSync(path.join(root, mark)))) {
    return yield* new PluginFolderInvalid({ path: root, message: `${root} holds no plugin: it has none of ${marks.join(", ")}` })
  }
  const problems: Array<HookProblem> = []
  const { client, hooks } = yield* hookReading().plugin({ reads: 0 }, root, problems)
  for (const double of doubleCalls(client)) {
    const [first] = double.entries
    const file = first?.file ?? root
    const message = `${file}: ${doubleText(double)}. \`han plugin generate-hooks\` writes one for each event`
    problems.push({ severity: "warning", path: file, line: null, key: `hooks.${double.event}`, message })
  }
  return { root, hooks, clientHooks: client, problems } satisfies PluginReport
})
