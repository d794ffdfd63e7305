import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { Work } from "../../files/keptReads.ts"
import { mayRunMore } from "../definition/hookChanges.ts"
import { isFor } from "../definition/hookOverlay.ts"
import { hookReading } from "../definition/hookReading.ts"
import type { HookProblem } from "../Hook.ts"
import type { HookReason } from "../HookOutcome.ts"
import type { HookTarget } from "./hookDecision.ts"

const settingsFile = "han-config.yml"

/** A hook in a directory as that directory's own settings leave it, or why these switch it off. */
export type SettledTarget = { readonly target: HookTarget } | { readonly directory: string; readonly reason: HookReason }

/**
 * Reads the `han-config.yml` of directories below the top of a tree; the one at the top is among the settings of the project. It may switch a hook off and say when
 * it is due, for its directory. What would have something run that is not run otherwise is left out: nobody was asked about it, and `problems` say so.
 */
export const directorySettings = (): ((
  targets: ReadonlyArray<HookTarget>,
  work: Work,
  problems: Array<HookProblem>
) => Effect.Effect<ReadonlyArray<SettledTarget>>) => {
  const reading = hookReading()
  return (targets, work, problems) => {
    const [first] = targets
    const below = new Set(first?.tree.files.filter((file) => file.path.endsWith(`/${settingsFile}`)).map((file) => path.posix.dirname(file.path)))
    if (below.size === 0) return Effect.succeed(targets.map((target) => ({ target })))
    return Effect.forEach(
      targets,
      (target): Effect.Effect<SettledTarget> => (below.has(target.directory) ? settled(reading, target, work, problems) : Effect.succeed({ target }))
    )
  }
}

const settled = Effect.fnUntraced(function* (
  reading: ReturnType<typeof hookReading>,
  target: HookTarget,
  work: Work,
  problems: Array<HookProblem>
): Effect.fn.Return<SettledTarget> {
  const file = path.join(target.tree.root, target.directory, settingsFile)
  const said = yield* reading.changes(work, "directory", file, problems)
  if (said === null) return { target }
  const plugin = { name: target.hook.plugin, marketplace: target.hook.marketplace, aliases: target.hook.aliases }
  const mine = said.changes.filter((change) => isFor(change, plugin) && (change.hook === null || change.hook === target.hook.name))
  let hook = target.hook
  // What is said of the hook itself is stronger than what is said of its plugin.
  for (const change of [...mine].sort((a, b) => Number(a.hook !== null) - Number(b.hook !== null))) {
    if (!mayRunMore(target.hook, change.set)) {
      hook = { ...hook, ...change.set }
      continue
    }
    const key = change.at.join(".")
    const line = said.file.lineOf(change.at)
    const message = `${file}${line === null ? "" : `, line ${line}`}: ${key} would have something else run for ${target.hook.id}, which only the files at the project's top may, after \`han trust\`; it was left out`
    if (!problems.some((problem) => problem.message === message)) problems.push({ severity: "warning", path: file, line, key, message })
  }
  if (said.off || !hook.enabled) return { directory: target.directory, reason: { code: "off", text: `${file} switches it off there` } }
  return { target: { ...target, hook } }
})
