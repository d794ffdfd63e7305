import { statSync } from "node:fs"
import * as path from "node:path"
import * as Either from "effect/Either"
import type { JsonObject } from "../text/json.ts"

/** The origin of a marketplace. `source` is what Claude Code's files say of it. */
export type MarketplaceSource =
  | { readonly kind: "folder"; readonly path: string; readonly source: JsonObject }
  | { readonly kind: "git"; readonly url: string; readonly source: JsonObject }

/** Reads the name that a person gives for a marketplace: a folder that is there, the address of a git repository, `owner/repo` on GitHub. The reason when it is none of them. */
export const marketplaceSource = (text: string, cwd: string): Either.Either<MarketplaceSource, string> => {
  const shown = JSON.stringify(text.slice(0, 200))
  if (/[\s\p{Cc}]/u.test(text) && !isFolder(path.resolve(cwd, text.replaceAll("\0", ""))))
    return Either.left(`${shown} is no folder, and no address has spaces`)
  const folder = path.resolve(cwd, text)
  if (!text.includes("://") && isFolder(folder)) return Either.right({ kind: "folder", path: folder, source: { source: "directory", path: folder } })
  if (/^[A-Za-z][A-Za-z0-9+.-]*::/.test(text)) return Either.left(`${shown} would have git run another program; ${forms}`)
  const git = (url: string): Either.Either<MarketplaceSource, string> => Either.right({ kind: "git", url, source: { source: "git", url } })
  if (text.includes("://")) {
    if (/^https:\/\/[^/]*@/i.test(text))
      return Either.left("an address with a user or a password would be written into settings; let git's credential helper know them")
    if (text.includes("#")) return Either.left(`${shown}: a branch cannot be named; ${forms}`)
    if (/^https:\/\/[A-Za-z0-9[][^/]*\/.+/i.test(text)) return git(text)
    if (/^ssh:\/\/(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9[][^/@]*\/.+/i.test(text)) return git(text)
    if (/^file:\/\/\/.+/i.test(text)) return git(text)
    return Either.left(`${shown} is no address that plugins are taken from; ${forms}`)
  }
  if (/^(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]+:[^:\\-][^\\]*$/.test(text)) return git(text)
  if (/^[A-Za-z0-9][A-Za-z0-9-]*\/(?!\.)[\w.-]+$/.test(text)) {
    return Either.right({
      kind: "git",
      url: `https://github.com/${text.replace(/\.git$/, "")}.git`,
      source: { source: "github", repo: text.replace(/\.git$/, "") }
    })
  }
  return Either.left(`${shown} is no folder that is there, and no address; ${forms}`)
}

const forms = "give a folder, https://…, ssh://…, file:///…, user@host:path, or owner/repo on GitHub"

const isFolder = (at: string): boolean => {
  try {
    return statSync(at).isDirectory()
  } catch {
    // What cannot be looked at is no folder to take plugins from.
    return false
  }
}

/** A source in words. */
export const sourceText = (source: JsonObject | null): string => {
  const named = [source?.url, source?.repo, source?.path].find((one) => typeof one === "string")
  return typeof named === "string" ? named : JSON.stringify(source)
}
