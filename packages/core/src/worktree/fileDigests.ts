import type { Buffer } from "node:buffer"
import { createHash, randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import { type FileLook, isSettled, lookAt, missing } from "../files/fileLook.ts"
import type { Work } from "../files/keptReads.ts"
import { yieldToEventLoop } from "../files/yieldToEventLoop.ts"
import { contentDigest } from "./contentDigest.ts"
import { folderBranches, linkText } from "./folderBranches.ts"
import { below, byteName, systemPath } from "./latin1Paths.ts"
import type { TreeFile } from "./projectTree.ts"

/**
 * The digest of each of these files, by `digestKey`: hex SHA-256 of its bytes and of whether it may be executed, `gone` for what is not there. For a
 * symbolic link it is where it leads, and the content there; for a folder every file below but those in `.git`. Two that are equal stand for the same content, and
 * what cannot be read, or is more than 20,000 files, is never equal to anything. A pipe, socket or device is not read: what it is stands for it.
 * `work` counts the files and folders that were read: none while nothing has changed. Times of files must be those of this machine's clock.
 */
export type FileDigests = (root: string, files: ReadonlyArray<TreeFile>, work: Work) => Effect.Effect<ReadonlyMap<string, string>>

/** Two names that are no UTF-8 may read the same. */
export const digestKey = ({ path, raw }: TreeFile): string => (raw === null ? path : `${path}?${raw.toString("hex")}`)

const gone = "gone"
const maxKept = 200_000
/** Files looked at before other fibers get a turn. */
const turn = 256
/** Files read at once. */
const readers = 4

export const fileDigests = (): FileDigests => {
  const kept = new KeptDigests()
  return (root, files, work) => {
    const top = byteName(root)
    const names = files.map(({ path, raw }) => below(top, raw === null ? byteName(path) : raw.toString("latin1")))
    return Effect.map(kept.digestsOf(names, work), (digests) => new Map(files.map((file, at) => [digestKey(file), digests[at] ?? unreadable()])))
  }
}

class KeptDigests {
  private readonly known = new Map<string, { readonly look: string; readonly digest: string }>()
  private readonly branchesOf = folderBranches()
  private readonly reading = Effect.unsafeMakeSemaphore(readers)

  /** In the order of the names. */
  digestsOf(names: ReadonlyArray<string>, work: Work): Effect.Effect<ReadonlyArray<string>> {
    const find = (name: string) => this.find(name)
    return Effect.gen(function* () {
      const digests: Array<string> = []
      const open: Array<{ readonly at: number; readonly read: (work: Work) => Effect.Effect<string> }> = []
      for (const [at, name] of names.entries()) {
        if (at % turn === turn - 1) yield* yieldToEventLoop
        const found = find(name)
        digests.push(typeof found === "string" ? found : "")
        if (typeof found !== "string") open.push({ at, read: found })
      }
      let count = 0
      yield* Effect.forEach(
        open,
        ({ at, read }) =>
          Effect.flatMap(read(work), (digest) => {
            digests[at] = digest
            return ++count % turn === 0 ? yieldToEventLoop : Effect.void
          }),
        { concurrency: readers, discard: true }
      )
      return digests
    })
  }

  /** The digest where it is known, or what reads it. */
  private find(name: string): string | ((work: Work) => Effect.Effect<string>) {
    const path = systemPath(name)
    const since = Date.now()
    const link = lookAt(path, "link")
    if (link === missing) {
      this.known.delete(name)
      return gone
    }
    if (link.stats === null) return unreadable()
    const isLink = link.stats.isSymbolicLink()
    const target = isLink ? lookAt(path, "target") : link
    const isFolder = target.stats?.isDirectory() === true
    const look = isLink ? `${link.identity} ${target.identity}` : link.identity
    const before = isFolder ? undefined : this.known.get(name)
    if (before?.look === look) return before.digest
    const text = isLink ? linkText(name) : ""
    const isSettledNow = !isFolder && isSettled(link, since) && isSettled(target, since)
    return (work) =>
      Effect.map(text === null ? Effect.succeed(null) : isFolder ? this.folderDigest(name, work) : this.contentOf(path, target, work), (content) => {
        this.known.delete(name)
        if (content === null) return unreadable()
        const digest = isLink ? sha256(["link", text, content]) : content
        if (isSettledNow) this.keep(name, { look, digest })
        return digest
      })
  }

  /** Null when it cannot be read. */
  private contentOf(path: string | Buffer, { identity, stats }: FileLook, work: Work): Effect.Effect<string | null> {
    if (identity === missing.identity || identity === "ELOOP") return Effect.succeed("leads nowhere")
    if (stats === null) return Effect.succeed(null)
    if (!stats.isFile()) return Effect.succeed(sha256(["special", String(stats.mode & kindOfFile)]))
    return this.reading.withPermits(1)(
      Effect.suspend(() => {
        work.reads++
        return contentDigest(path)
      })
    )
  }

  private keep(name: string, entry: { readonly look: string; readonly digest: string }): void {
    this.known.set(name, entry)
    for (const oldest of this.known.keys()) {
      if (this.known.size <= maxKept) break
      this.known.delete(oldest)
    }
  }

  /** Null when it is too much, or not all of it can be read. */
  private folderDigest(name: string, work: Work): Effect.Effect<string | null> {
    return Effect.flatMap(this.branchesOf(name, work), (branches) => {
      if (branches === null) return Effect.succeed(null)
      const paths = branches.flatMap(({ path }) => path ?? [])
      // Those are in the order of these.
      return Effect.map(this.digestsOf(paths, work), (digests) =>
        sha256(["folder", branches.map(({ name, path, says }) => [name, says, path !== null]), digests])
      )
    })
  }
}

/** The bits of a mode that say whether it is a file, a folder, a pipe and so on. */
const kindOfFile = 0o170000n

const sha256 = (parts: ReadonlyArray<unknown>): string => createHash("sha256").update(JSON.stringify(parts)).digest("hex")

/** Never the same: what could not be read may have changed, and a gate must not take it for what has passed. */
const unreadable = (): string => `unreadable ${randomUUID()}`
