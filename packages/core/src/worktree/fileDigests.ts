import type { Buffer } from "node:buffer"
import { createHash, randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import { type FileLook, isSettled, lookAt, missing } from "../files/fileLook.ts"
import { giveWay } from "../files/giveWay.ts"
import type { Work } from "../files/keptReads.ts"
import { below, byteName, systemPath } from "./byteNames.ts"
import { contentDigest } from "./contentDigest.ts"
import { folderBranches, linkText } from "./folderBranches.ts"
import type { TreeFile } from "./projectTree.ts"

/**
 * What stands for the content of each of these files, by `digestKey`: hex SHA-256 of its bytes and of whether it may be executed, `gone` for what is not there. For a
 * symbolic link it is where it leads, and the content there; for a folder every file below but those in `.git`. Two that are equal stand for the same content, and
 * what cannot be read, or is more than 20,000 files, is never equal to anything. A pipe, socket or device is not read: what it is stands for it.
 * `work` counts the files and folders that were read: none while nothing has changed. Times of files must be those of this machine's clock.
 */
export type FileDigests = (root: string, files: ReadonlyArray<TreeFile>, work: Work) => Effect.Effect<ReadonlyMap<string, string>>

/** Two names that are no UTF-8 may read the same. */
export const digestKey = ({ path, raw }: TreeFile): string => (raw === null ? path : `${path}?${raw.toString("hex")}`)

const gone = "gone"
const mostKept = 200_000
/** How many files are looked at before others have their turn. */
const turn = 256
/** How many are read at once. */
const readers = 4

export const fileDigests = (): FileDigests => {
  const known = new Map<string, { readonly look: string; readonly digest: string }>()
  const branchesOf = folderBranches()
  const reading = Effect.unsafeMakeSemaphore(readers)

  /** What is known of a file, or how to find out. */
  const keptDigest = (name: string): string | ((work: Work) => Effect.Effect<string>) => {
    const path = systemPath(name)
    const since = Date.now()
    const link = lookAt(path, "link")
    if (link === missing) {
      known.delete(name)
      return gone
    }
    if (link.stats === null) return unreadable()
    const isLink = link.stats.isSymbolicLink()
    const target = isLink ? lookAt(path, "target") : link
    const isFolder = target.stats?.isDirectory() === true
    const look = isLink ? `${link.identity} ${target.identity}` : link.identity
    const before = isFolder ? undefined : known.get(name)
    if (before?.look === look) return before.digest
    return Effect.fnUntraced(function* (work: Work) {
      const text = isLink ? linkText(name) : ""
      const content = text === null ? null : isFolder ? yield* folderDigest(name, work) : yield* contentOf(path, target, work)
      const settled = !isFolder && isSettled(link, since) && isSettled(target, since)
      known.delete(name)
      if (content === null) return unreadable()
      const digest = isLink ? sha256(["link", text, content]) : content
      if (settled) keep(name, { look, digest })
      return digest
    })
  }

  /** Null when it cannot be read. */
  const contentOf = (path: string | Buffer, { identity, stats }: FileLook, work: Work): Effect.Effect<string | null> => {
    if (identity === missing.identity || identity === "ELOOP") return Effect.succeed("leads nowhere")
    if (stats === null) return Effect.succeed(null)
    if (!stats.isFile()) return Effect.succeed(sha256(["special", String(stats.mode & kindOfFile)]))
    return reading.withPermits(1)(
      Effect.suspend(() => {
        work.reads++
        return contentDigest(path)
      })
    )
  }

  const keep = (name: string, entry: { readonly look: string; readonly digest: string }) => {
    known.set(name, entry)
    for (const oldest of known.keys()) {
      if (known.size <= mostKept) break
      known.delete(oldest)
    }
  }

  /** Null when it is too much, or not all of it can be read. */
  const folderDigest = Effect.fnUntraced(function* (name: string, work: Work) {
    const branches = yield* branchesOf(name, work)
    if (branches === null) return null
    const digests = yield* digestsOf(
      branches.flatMap(({ path }) => path ?? []),
      work
    )
    // Those are in the order of these.
    return sha256(["folder", branches.map(({ name, path, says }) => [name, says, path !== null]), digests])
  })

  /** In the order of the names. */
  const digestsOf = (names: ReadonlyArray<string>, work: Work): Effect.Effect<ReadonlyArray<string>> =>
    Effect.gen(function* () {
      const digests: Array<string> = []
      const open: Array<{ readonly at: number; readonly find: (work: Work) => Effect.Effect<string> }> = []
      for (const [at, name] of names.entries()) {
        if (at % turn === turn - 1) yield* giveWay
        const kept = keptDigest(name)
        digests.push(typeof kept === "string" ? kept : "")
        if (typeof kept !== "string") open.push({ at, find: kept })
      }
      let found = 0
      yield* Effect.forEach(
        open,
        ({ at, find }) =>
          Effect.flatMap(find(work), (digest) => {
            digests[at] = digest
            return ++found % turn === 0 ? giveWay : Effect.void
          }),
        { concurrency: readers, discard: true }
      )
      return digests
    })

  return (root, files, work) => {
    const top = byteName(root)
    const names = files.map(({ path, raw }) => below(top, raw === null ? byteName(path) : raw.toString("latin1")))
    return Effect.map(digestsOf(names, work), (digests) => new Map(files.map((file, at) => [digestKey(file), digests[at] ?? unreadable()])))
  }
}

/** The bits of a mode that say whether it is a file, a folder, a pipe and so on. */
const kindOfFile = 0o170000n

const sha256 = (parts: ReadonlyArray<unknown>): string => createHash("sha256").update(JSON.stringify(parts)).digest("hex")

/** Never the same: what could not be read may have changed, and a gate must not take it for what has passed. */
const unreadable = (): string => `unreadable ${randomUUID()}`
