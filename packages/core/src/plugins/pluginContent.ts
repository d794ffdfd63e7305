import { createHash } from "node:crypto"
import { readdirSync, readlinkSync, realpathSync, statSync } from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { errorCode } from "../files/fileFacts.ts"
import { kept, type Work } from "../files/keptReads.ts"
import { readWhole } from "../files/wholeFile.ts"

/** A digest of every byte of a plugin, and of each of its files by absolute path, or why there is none. */
export type PluginContent =
  | { readonly digest: string; readonly files: ReadonlyMap<string, string>; readonly why: null }
  | { readonly digest: null; readonly why: string }

const maxEntries = 5000
const maxBytes = 1 << 26

interface Item {
  readonly name: string
  readonly kind: "file" | "folder" | "link" | "other"
}
type Listing = { readonly items: ReadonlyArray<Item> } | { readonly why: string }
type FileDigest = { readonly digest: string; readonly bytes: number } | { readonly why: string }

/**
 * `contentOf`: everything below a folder that a command of the plugin could run. `fileOf`: the digest of one file; null of one that cannot be read. Folders and files that
 * have not changed since an earlier question are not read again.
 */
export const pluginContents = () => {
  const listing = kept<Listing>((folder) => Effect.sync(() => list(folder)))
  const digestOf = kept<FileDigest>((file) =>
    Effect.match(readWhole(file, maxBytes), {
      onFailure: ({ message }) => ({ why: message }),
      onSuccess: (found) =>
        found === null
          ? { why: `${file} is gone` }
          : {
              digest: `${found.stats.mode & 0o111n}:${createHash("sha256").update(found.bytes).digest("hex")}`,
              bytes: found.bytes.length
            }
    })
  )
  const fileOf = (work: Work, file: string): Effect.Effect<string | null> =>
    Effect.map(digestOf(work, file), (content) => ("why" in content ? null : content.digest))
  const contentOf = Effect.fnUntraced(function* (work: Work, root: string) {
    const files = new Map<string, string>()
    const hash = createHash("sha256")
    let entries = 0
    let bytes = 0
    const note = (...parts: ReadonlyArray<string>) => hash.update(`${JSON.stringify(parts)}\n`)
    const folders = [root]
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const found = yield* listing(work, folder)
      if ("why" in found) return refused(found.why)
      for (const { kind, name } of found.items) {
        const at = path.join(folder, name)
        const within = path.relative(root, at)
        if (++entries > maxEntries) return refused(`${root} holds more than ${maxEntries} files`)
        if (kind === "other") return refused(`${at} is neither a file nor a folder`)
        if (kind === "folder") {
          note("folder", within)
          folders.push(at)
          continue
        }
        let file = at
        if (kind === "link") {
          const target = targetOf(at)
          if ("why" in target) return refused(target.why)
          note("link", within, target.text, target.path ?? "")
          files.set(at, `link to ${target.text}`)
          // What lies in the plugin itself is met on the way.
          if (target.path === null || isWithin(root, target.path)) continue
          if (!target.isFile) return refused(`${at} is a link to ${target.path}, a folder outside of the plugin`)
          file = target.path
        }
        const content = yield* digestOf(work, file)
        if ("why" in content) return refused(content.why)
        bytes += content.bytes
        if (bytes > maxBytes) return refused(`${root} holds more than ${maxBytes} bytes`)
        note("file", within, content.digest)
        files.set(at, content.digest)
      }
    }
    return { digest: hash.digest("hex"), files, why: null } satisfies PluginContent
  })
  return { contentOf, fileOf }
}

const refused = (why: string): PluginContent => ({ digest: null, why })

/** Tells whether a path is a folder or in it; both without symbolic links. */
export const isWithin = (folder: string, at: string): boolean => at === folder || at.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep)

const list = (folder: string): Listing => {
  try {
    const items = readdirSync(folder, { withFileTypes: true }).map(
      (entry): Item => ({
        name: entry.name,
        kind: entry.isSymbolicLink() ? "link" : entry.isDirectory() ? "folder" : entry.isFile() ? "file" : "other"
      })
    )
    return { items: items.sort((a, b) => (a.name < b.name ? -1 : 1)) }
  } catch (cause) {
    return { why: `cannot read ${folder} (${errorCode(cause)})` }
  }
}

/** `path` is null for a link that leads nowhere. */
const targetOf = (link: string): { readonly text: string; readonly path: string | null; readonly isFile: boolean } | { readonly why: string } => {
  try {
    const text = readlinkSync(link)
    const stats = statSync(link, { throwIfNoEntry: false })
    return stats === undefined ? { text, path: null, isFile: false } : { text, path: realpathSync(link), isFile: stats.isFile() }
  } catch (cause) {
    return { why: `${link} cannot be followed (${errorCode(cause)})` }
  }
}
