import type { Buffer } from "node:buffer"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { Work } from "../files/keptReads.ts"
import { isUnchanged, type Watch, Watching } from "./fileWatches.ts"
import type { Git } from "./gitCalls.ts"
import type { GitPlace } from "./gitPlace.ts"
import { below, byteName, systemPath, textOf } from "./latin1Paths.ts"

/** The part of git's configuration that decides which files count. */
export interface GitConfig {
  /** The file of ignore rules for all repositories, as a byte name. */
  readonly excludesFile: string
  /** `core.worktree`, as a byte name; null when it is not set. */
  readonly worktree: string | null
  /** The form in which git compares names. */
  readonly fold: (name: string) => string
  readonly watches: ReadonlyArray<Watch>
  /** True when a change of it will be seen. */
  readonly settled: boolean
}

/** The configuration that holds in a worktree; `before` as long as its files are unchanged. */
export const gitConfigOf = Effect.fnUntraced(function* (
  git: Git,
  environment: Readonly<Record<string, string | undefined>>,
  place: GitPlace,
  before: GitConfig | null,
  work: Work
) {
  if (before?.settled === true && before.watches.every(isUnchanged)) return before
  const watching = new Watching(Date.now())
  const home = environment.HOME === undefined ? null : byteName(environment.HOME)
  const xdg = environment.XDG_CONFIG_HOME ? byteName(environment.XDG_CONFIG_HOME) : home === null ? null : below(home, ".config")
  const files = ["/etc/gitconfig", below(place.commonDir, "config"), below(place.gitDir, "config.worktree")]
  if (xdg !== null) files.push(below(xdg, "git/config"))
  if (home !== null) files.push(below(home, ".gitconfig"))
  for (const file of files) watching.note(systemPath(file), "target")
  const printed = yield* git({ directory: textOf(place.top).path, argv: ["config", "--list", "--show-origin", "-z"] }, work)

  const values = new Map<string, string>()
  let known = true
  const expanded = (value: string, from: string): string | null => {
    if (value.startsWith("~/")) return home === null ? null : below(home, value.slice(2))
    // Another user's folder, or git's own.
    if (value.startsWith("~") || value.startsWith("%(")) return null
    return path.posix.resolve(from, value)
  }
  for (const { key, origin, value } of settingsIn(printed)) {
    const file = origin.startsWith("file:") ? path.posix.resolve(place.top, origin.slice(5)) : null
    if (file !== null) watching.note(systemPath(file), "target")
    // A file that is included only where its condition holds is no origin otherwise, and may be one tomorrow.
    if (file !== null && /^include(?:if\..*)?\.path$/s.test(key)) {
      const included = expanded(value, path.posix.dirname(file))
      if (included === null) known = false
      else watching.note(systemPath(included), "target")
    }
    values.set(key, value)
  }
  const set = values.get("core.excludesfile")
  const excludesFile = set === undefined ? (xdg === null ? "" : below(xdg, "git/ignore")) : set === "" ? "" : expanded(set, place.top)
  if (excludesFile === null) known = false
  return {
    excludesFile: excludesFile ?? "",
    worktree: values.get("core.worktree") ?? null,
    fold: foldOf(isOn(values.get("core.ignorecase")), isOn(values.get("core.precomposeunicode"))),
    watches: watching.watches,
    settled: known && watching.settled
  } satisfies GitConfig
})

/** As git prints them with `--show-origin -z`: the origin, and then the key, which ends where its value begins. */
const settingsIn = function* (printed: Buffer) {
  const parts = printed.toString("latin1").split("\0")
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [origin = "", setting = ""] = parts.slice(at, at + 2)
    const end = setting.indexOf("\n")
    // A key without "=" is on.
    yield { origin, key: end < 0 ? setting : setting.slice(0, end), value: end < 0 ? "true" : setting.slice(end + 1) }
  }
}

const isOn = (value: string | undefined): boolean => value !== undefined && /^(?:true|yes|on|-?0*[1-9]\d*)$/i.test(value)

/** Two names that git takes for one have the same form, and a few others may. */
const foldOf = (ignoresCase: boolean, precomposes: boolean): ((name: string) => string) => {
  if (!ignoresCase && !precomposes) return (name) => name
  return (name) => {
    const cased = ignoresCase ? name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name
    return precomposes ? byteName(textOf(cased).path.normalize("NFC")) : cased
  }
}
