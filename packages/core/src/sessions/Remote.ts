/**
 * The one spelling of a git remote, by which repositories are compared, shown and sent.
 *
 * @example
 * ```ts
 * import { canonicalRemote } from "han-core/Remote"
 *
 * canonicalRemote("https://user:token@GitHub.com:443/Owner/Name.git") // "github.com/owner/name"
 * canonicalRemote("git@gitlab.example:group/sub/name") // "gitlab.example/group/sub/name"
 * canonicalRemote("/srv/git/name.git") // null
 * ```
 */

/**
 * Gives `host/owner[/group…]/name` in lower case for a remote as git configures it: without scheme, credentials, port, query and `.git`. Null for a folder on disk and for
 * what names no host or no repository.
 */
export const canonicalRemote = (remote: string): string | null => {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)*([^/:]*)(?::\d*)?\/(.*)$/i.exec(remote)
  if (url !== null) return /^file:/i.test(remote) ? null : joined(url[1], url[2])
  const scp = /^(?:[^/@:]*@)?([^/@:]{2,}):(?!\/\/)(.*)$/.exec(remote)
  return scp === null ? null : joined(scp[1], scp[2])
}

const joined = (host: string | undefined, path: string | undefined): string | null => {
  const place = (path ?? "")
    .replace(/[?#].*$/, "")
    .replace(/^\/+|\/+$/g, "")
    .replace(/\.git$/i, "")
  return host === undefined || host === "" || place === "" ? null : `${host}/${place}`.toLowerCase()
}
