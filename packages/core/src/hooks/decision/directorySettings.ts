import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { Work } from "../../files/keptReads.ts"
import { mayRunMore } from "../definition/hookChanges.ts"
import { isFor } from "../definition/hookOverlay.ts"
import { hookReading } from "../definition/hookReading.ts"
import type { HookProblem } from "../Hook.ts"
import type { HookReason } from "../HookOutcome.ts"
import type { HookUnit } from "./hookDecision.ts"

const settingsFile = "han-config.yml"

/** A hook in a directory as that directory's own settings leave it, or why these switch it off. */
export type SettledUnit = { readonly unit: HookUnit } | { readonly directory: string; readonly reason: HookReason }

/**
 * Reads the `han-config.yml` of directories below the top of a tree; the one at the top is among the settings of the project. It may switch a hook off and say when
 * it is due, for its directory. What would have something run that is not run otherwise is left out: nobody was asked about it, and `problems` say so.
 */
export const directorySettings = (): ((
  units: ReadonlyArray<HookUnit>,
  work: Work,
  problems: Array<HookProblem>
) => Effect.Effect<ReadonlyArray<SettledUnit>>) => {
  const reading = hookReading()
  return (units, work, problems) => {
    const [first] = units
    const below = new Set(first?.tree.files.filter((file) => file.path.endsWith(`/${settingsFile}`)).map((file) => path.posix.dirname(file.path)))
    if (below.size === 0) return Effect.succeed(units.map((unit) => ({ unit })))
    return Effect.forEach(
      units,
      (unit): Effect.Effect<SettledUnit> => (below.has(unit.directory) ? settled(reading, unit, work, problems) : Effect.succeed({ unit }))
    )
  }
}

const settled = Effect.fnUntraced(function* (
  reading: ReturnType<typeof hookReading>,
  unit: HookUnit,
  work: Work,
  problems: Array<HookProblem>
): Effect.fn.Return<SettledUnit> {
  const file = path.join(unit.tree.root, unit.directory, settingsFile)
  const said = yield* reading.changes(work, "directory", file, problems)
  if (said === null) return { unit }
  const plugin = { name: unit.hook.plugin, marketplace: unit.hook.marketplace, aliases: unit.hook.aliases }
  const mine = said.changes.filter((change) => isFor(change, plugin) && (change.hook === null || change.hook === unit.hook.name))
  let hook = unit.hook
  // What is said of the hook itself is stronger than what is said of its plugin.
  for (const change of [...mine].sort((a, b) => Number(a.hook !== null) - Number(b.hook !== null))) {
    if (!mayRunMore(unit.hook, change.set)) {
      hook = { ...hook, ...change.set }
      continue
    }
    const key = change.at.join(".")
    const line = said.file.lineOf(change.at)
    const message = `${file}${line === null ? "" : `, line ${line}`}: ${key} would have something else run for ${unit.hook.id}, which only the files at the project's top may, after \`han trust\`; it was left out`
    if (!problems.some((problem) => problem.message === message)) problems.push({ severity: "warning", path: file, line, key, message })
  }
  if (said.off || !hook.enabled) return { directory: unit.directory, reason: { code: "off", text: `${file} switches it off there` } }
  return { unit: { ...unit, hook } }
})
