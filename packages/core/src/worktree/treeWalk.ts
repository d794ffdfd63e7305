import * as Effect from "effect/Effect"
import { isSettled } from "../files/fileLook.ts"
import type { Work } from "../files/keptReads.ts"
import { yieldToEventLoop } from "../files/yieldToEventLoop.ts"
import type { Watching } from "./fileWatches.ts"
import { folderNames } from "./folderNames.ts"
import { below, systemPath } from "./latin1Paths.ts"

/** Byte names from the top of what was walked. */
export interface Walked {
  readonly files: Array<string>
  /** "" is the top. */
  readonly directories: Array<string>
  /** Names in these directories that do not count; a folder ends with "/". */
  readonly ignored: Array<string>
  /** Tops of other repositories; what is in them was not looked at. */
  readonly nested: Array<string>
}

/** A directory on the way. */
export interface Place {
  readonly name: string
  /** Stands for the ignore rules that hold in it; null when a change of them might not be seen. */
  readonly rules: string | null
  /** Everything below counts, whatever the rules say. */
  readonly all: boolean
}

export type Verdict = "in" | "all" | "nested" | "ignored" | "unknown"

export interface Walk<E> {
  /** A byte name, absolute. */
  readonly top: string
  readonly start: Place
  readonly isFile: (name: string, within: Place) => boolean
  /** Classifies a directory. `ask` decides about `unknown` ones, level by level. */
  readonly judge: (name: string, within: Place) => Verdict
  /** Those of them that are ignored. */
  readonly ask: (places: ReadonlyArray<Place>) => Effect.Effect<ReadonlySet<string>, E>
}

/** Folders read before other fibers get a turn. */
const turn = 64

/** Reads the directories that count, level by level. */
export const walk = Effect.fnUntraced(function* <E>(walking: Walk<E>, watching: Watching, work: Work) {
  const { top } = walking
  const walked: Walked = { files: [], directories: [], ignored: [], nested: [] }
  let level: ReadonlyArray<Place> = [walking.start]
  let read = 0
  while (level.length > 0) {
    const next: Array<Place> = []
    const unknown: Array<Place> = []
    for (const place of level) {
      if (++read % turn === 0) yield* yieldToEventLoop
      const path = place.name === "" ? top : below(top, place.name)
      watching.note(systemPath(path), "link")
      work.reads++
      walked.directories.push(place.name)
      const names = folderNames(path) ?? []
      const within = names.some(({ name }) => name === ignoreFile) ? { ...place, rules: rulesBelow(place.rules, below(path, ignoreFile), watching) } : place
      for (const entry of names) {
        const name = below(place.name, entry.name)
        const verdict = entry.kind === "folder" ? walking.judge(name, within) : walking.isFile(name, within) ? "file" : "ignored"
        const inside = { name, rules: within.rules, all: within.all || verdict === "all" }
        if (verdict === "file") walked.files.push(name)
        else if (verdict === "ignored") walked.ignored.push(entry.kind === "folder" ? `${name}/` : name)
        else if (verdict === "nested") walked.nested.push(name)
        else if (verdict === "unknown") unknown.push(inside)
        else next.push(inside)
      }
    }
    const ignored = unknown.length === 0 ? none : yield* walking.ask(unknown)
    for (const place of unknown) {
      if (ignored.has(place.name)) walked.ignored.push(`${place.name}/`)
      else next.push(place)
    }
    level = next
  }
  return walked
})

/** All below a folder but what has one of these names. */
export const walkAll = (top: string, except: ReadonlySet<string>, watching: Watching, work: Work): Effect.Effect<Walked> =>
  walk<never>(
    {
      top,
      start: { name: "", rules: null, all: true },
      isFile: (name) => !except.has(lastOf(name)),
      judge: (name) => (except.has(lastOf(name)) ? "ignored" : "in"),
      ask: () => Effect.succeed(none)
    },
    watching,
    work
  )

export const ignoreFile = ".gitignore"
const none: ReadonlySet<string> = new Set()

/** Identifies the rules of a directory with this file of rules. */
export const rulesBelow = (rules: string | null, file: string, watching: Watching): string | null => {
  const path = systemPath(file)
  const looks = [watching.note(path, "link")]
  // Some versions of git follow it.
  if (looks[0]?.stats?.isSymbolicLink() === true) looks.push(watching.note(path, "target"))
  return rules === null || !looks.every((look) => isSettled(look, watching.since)) ? null : `${rules}\n${looks.map(({ identity }) => identity).join(" ")}`
}

const lastOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1)
