import * as Fs from "node:fs"
import type { CannotWrite } from "han-core/Indexer"

/** Tells if everything can be written down: each thing that writes says when it failed and when it succeeded. */
export interface WriteState {
  /** `what` writes: null when it could, else why it could not and what to do, in words. */
  readonly note: (what: string, failure: string | null) => void
  /** The failure that has lasted longest; null when everything can be written. */
  readonly current: () => CannotWrite | null
}

export const make = (now: () => number = Date.now): WriteState => {
  const failing = new Map<string, CannotWrite>()
  return {
    note: (what, failure) => {
      if (failure === null) failing.delete(what)
      else failing.set(what, { since: failing.get(what)?.since ?? now(), message: failure })
    },
    current: () => longest([...failing.values()])
  }
}

/** The one that began first. */
export const longest = (failures: ReadonlyArray<CannotWrite>): CannotWrite | null =>
  failures.reduce<CannotWrite | null>((first, one) => (first === null || one.since < first.since ? one : first), null)

/** Notes of the folder and the database in it whether the system would let this process write them: that is known before there is something to write. */
export const look = (state: WriteState, home: { readonly path: string; readonly database: string }): void => {
  for (const path of [home.path, home.database]) state.note(path, refusalOf(path))
}

const refusalOf = (path: string): string | null => {
  try {
    Fs.accessSync(path, Fs.constants.W_OK)
    return null
  } catch (cause) {
    return `${path} cannot be written (${cause instanceof Error ? cause.message : String(cause)}); make it writable for this user, han goes on by itself`
  }
}
