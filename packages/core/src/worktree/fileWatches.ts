import { type FileLook, isSettled, lookAt } from "../files/fileLook.ts"

/** `place`: only whether it is the same file or folder, whatever is in it. */
export type WatchKind = "link" | "target" | "place"

/** A path that an answer depends on, as it was. */
export interface Watch {
  readonly path: string | Buffer
  readonly kind: WatchKind
  readonly seen: string
}

/** Collects what an answer depends on while it is made. `since`: when that began; what changed shortly before it, or later, may have been read as it was before. */
export class Watching {
  readonly since: number
  readonly watches: Array<Watch> = []
  /** True when a change of any of it will be seen. */
  settled = true

  constructor(since: number) {
    this.since = since
  }

  note(path: string | Buffer, kind: WatchKind): FileLook {
    const look = lookAt(path, kind === "link" ? "link" : "target")
    this.watches.push({ path, kind, seen: seenAs(look, kind) })
    if (kind !== "place" && !isSettled(look, this.since)) this.settled = false
    return look
  }

  /** Adds the watches of a part of the answer. */
  include(watches: ReadonlyArray<Watch>, settled: boolean): void {
    this.watches.push(...watches)
    if (!settled) this.settled = false
  }
}

export const isUnchanged = ({ kind, path, seen }: Watch): boolean => seenAs(lookAt(path, kind === "link" ? "link" : "target"), kind) === seen

const seenAs = ({ identity, stats }: FileLook, kind: WatchKind): string =>
  kind !== "place" || stats === null ? identity : `${stats.dev}:${stats.ino}:${stats.mode & 0o170000n}`
