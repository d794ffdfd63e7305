import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { matches, patternOf } from "han-core/Privacy"
import { type ProjectSync, projectSync } from "han-core/unstable/ProjectSync"

/** Tells whether a project's own files keep its sessions at home. */
export interface ProjectRules {
  readonly isExcluded: (place: { readonly path: string; readonly remote: string | null }) => Effect.Effect<boolean>
  /** Keys that such files tried to set and may not. */
  readonly ignored: () => ReadonlyArray<string>
}

/** Files of a project are looked at again after so long: many transcripts are of one. */
const keptMs = 2000
const maxKept = 10_000

/** Reads the files of projects as they are asked for. `home` is put in the place of `~`. */
export const projectRules = (home: string | undefined): ProjectRules => {
  const kept = new Map<string, { readonly at: number; readonly rules: ProjectSync }>()
  const rulesOf = Effect.fnUntraced(function* (path: string) {
    const now = yield* Clock.currentTimeMillis
    const known = kept.get(path)
    if (known !== undefined && now - known.at < keptMs) return known.rules
    const rules = yield* projectSync(path)
    if (kept.size >= maxKept) kept.clear()
    kept.set(path, { at: now, rules })
    return rules
  })
  return {
    isExcluded: (place) =>
      Effect.map(rulesOf(place.path), ({ enabled, forceExclude }) => {
        if (!enabled) return true
        // A pattern that cannot be read may mean this very project.
        return forceExclude.some((text) => Either.match(patternOf(text, home), { onLeft: () => true, onRight: (pattern) => matches(pattern, place) }))
      }),
    ignored: () => [...kept.values()].flatMap(({ rules }) => rules.ignored.map((key) => `${key} is left out: a project's files may only keep sessions at home`))
  }
}
