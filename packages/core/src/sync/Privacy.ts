/**
 * Decides which sessions may leave the machine: by the repository that they worked on, what the person said, and the workspace that they would go to.
 *
 * @example
 * ```ts
 * import * as Either from "effect/Either"
 * import { eligibilityOf, patternOf } from "han-core/Privacy"
 *
 * const rules = { forceExclude: [patternOf("acme/secret")].filter(Either.isRight).map(({ right }) => right), forceInclude: [], includePersonal: false }
 * const workspace = { owners: [{ host: "github.com", owner: "acme" }], logins: [] }
 *
 * eligibilityOf({ path: "/home/dev/shop", remote: "github.com/acme/shop" }, rules, workspace) // { eligible: true, reason: "org" }
 * eligibilityOf({ path: "/home/dev/secret", remote: "github.com/acme/secret" }, rules, workspace) // { eligible: false, reason: "force_excluded" }
 * eligibilityOf({ path: "/tmp/try", remote: null }, rules, workspace) // { eligible: false, reason: "unknown_owner" }
 * ```
 */

import * as Either from "effect/Either"
import { canonicalRemote } from "../sessions/Remote.ts"
import type { Workspace } from "../workspaces/Workspaces.ts"

/**
 * A pattern of `forceInclude` and `forceExclude`. Of a repository: segments of the canonical remote, of which `*` is any one and a last `**` the rest; without a host it means any.
 * Of a directory: it and all that is in it.
 */
export type Pattern =
  | { readonly kind: "repository"; readonly text: string; readonly segments: ReadonlyArray<string>; readonly anyHost: boolean }
  | { readonly kind: "directory"; readonly text: string; readonly path: string }

/**
 * Reads a pattern: `github.com/acme/*`, `acme/shop`, `acme/*`, a URL, an SCP form, or a directory that begins with `/` or `~`. Left is the reason that it is none. `home` is put in the
 * place of `~`.
 */
export const patternOf = (text: string, home = "~"): Either.Either<Pattern, string> => {
  const given = text.trim()
  if (given === "") return Either.left("it is empty")
  if (given.startsWith("/") || given === "~" || given.startsWith("~/")) {
    const parts = (given.startsWith("~") ? `${home}${given.slice(1)}` : given).split("/")
    if (parts.includes("..")) return Either.left('".." has no place in it')
    // Spelled as a place's path is, or it would match none.
    const spelled = parts.filter((part, index) => index === 0 || (part !== "" && part !== ".")).join("/")
    return Either.right({ kind: "directory", text: given, path: spelled === "" ? "/" : spelled })
  }
  const remote = /^[a-z][a-z0-9+.-]*:\/\/|^[^/]*@|^[^/]+:(?!\d+\/)/i.test(given)
    ? canonicalRemote(given)
    : given
        .toLowerCase()
        .replace(/^([^/]+):\d+\//, "$1/")
        .replace(/\/+$/, "")
        .replace(/\.git$/, "")
  if (remote === null) return Either.left("it names no repository")
  const segments = remote.split("/")
  const [first = ""] = segments
  const isLocal = first === "localhost" || /^[^/]+:\d+\//.test(given)
  if (segments.length < 2 && remote !== "**") return Either.left("it has one segment; write owner/repository or host/owner/repository, * for any one of them")
  for (const [index, segment] of segments.entries()) {
    if (segment === "*" || (segment === "**" && index === segments.length - 1)) continue
    if (!/^(?!\.{1,2}$)[a-z0-9._~:-]+$/.test(segment)) return Either.left(`"${segment}" is neither a name, nor *, nor ** at the end`)
  }
  // Hosts have a dot, or are this machine; a `*` in front stands for one when three segments follow the form of a remote.
  const hasHost = first.includes(".") || isLocal || (first === "*" && segments.length > 2) || remote === "**"
  // It would match nothing, and whoever wrote it would take it for all of them.
  if (hasHost && segments.length < 3 && segments.at(-1) !== "**")
    return Either.left(`"${remote}" is a host and an owner; write ${remote}/* for the owner's repositories, or ${remote}/** for those of groups in it, too`)
  return Either.right({ kind: "repository", text: given, segments, anyHost: !hasHost })
}

/** A place that sessions worked in. */
export interface Place {
  readonly path: string | null
  /** As `canonicalRemote` spells it; null without one, and where it is not known. */
  readonly remote: string | null
}

export const matches = (pattern: Pattern, { path, remote }: Place): boolean => {
  if (pattern.kind === "directory") return path !== null && (path === pattern.path || path.startsWith(pattern.path === "/" ? "/" : `${pattern.path}/`))
  if (remote === null) return false
  const segments = remote.split("/")
  const wanted = pattern.anyHost ? ["*", ...pattern.segments] : pattern.segments
  for (const [index, one] of wanted.entries()) {
    if (one === "**") return segments.length > index
    if (segments[index] === undefined || (one !== "*" && one !== segments[index])) return false
  }
  return segments.length === wanted.length
}

/** The rules of the person, and of the project's own files where these exclude. */
export interface PrivacyRules {
  readonly forceExclude: ReadonlyArray<Pattern>
  readonly forceInclude: ReadonlyArray<Pattern>
  readonly includePersonal: boolean
}

/**
 * `force_excluded`, `force_included`: a pattern says so, and exclusion comes first · `personal`: the repository is the person's own · `org`: it is the workspace's · `unknown_owner`: it
 * is nobody's whom the workspace knows, or there is none · `project_excluded`: the project's own files say so.
 */
export type EligibilityReason = "force_excluded" | "force_included" | "personal" | "org" | "unknown_owner" | "project_excluded"

export interface Eligibility {
  readonly eligible: boolean
  readonly reason: EligibilityReason
}

/** Decides about a place. What is not known stays at home. */
export const eligibilityOf = (
  place: Place,
  { forceExclude, forceInclude, includePersonal }: PrivacyRules,
  workspace: Pick<Workspace, "owners" | "logins">
): Eligibility => {
  if (forceExclude.some((pattern) => matches(pattern, place))) return { eligible: false, reason: "force_excluded" }
  if (forceInclude.some((pattern) => matches(pattern, place))) return { eligible: true, reason: "force_included" }
  if (isPersonal(place.remote, workspace)) return { eligible: includePersonal, reason: "personal" }
  return isOfWorkspace(place.remote, workspace) ? { eligible: true, reason: "org" } : { eligible: false, reason: "unknown_owner" }
}

const begins = (remote: string | null, host: string, owner: string): boolean => remote?.startsWith(`${host}/${owner}/`.toLowerCase()) === true

/** Tells whether the repository is one of the person's own. */
export const isPersonal = (remote: string | null, { logins }: Pick<Workspace, "logins">): boolean =>
  logins.some(({ host, login }) => begins(remote, host, login))
/** Tells whether the repository is of an owner of the workspace, or of a group of that owner. */
export const isOfWorkspace = (remote: string | null, { owners }: Pick<Workspace, "owners">): boolean =>
  owners.some(({ host, owner }) => begins(remote, host, owner))
