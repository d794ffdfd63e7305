import { closeSync, constants, fchmodSync, lstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { CommandFailed } from "../environment/CommandFailed.ts"

export interface ExportFile {
  readonly path: string
  readonly write: (bytes: Uint8Array) => void
  /** Puts it in its place, whole. */
  readonly finish: () => void
  /** Leaves nothing of it. */
  readonly abandon: () => void
}

/** A folder that is filled with private files. No link below it is followed, so that nothing is ever written elsewhere. */
export const exportFolder = (path: string): { readonly path: string; readonly create: (names: ReadonlyArray<string>) => ExportFile } => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const known = new Set<string>()
  const enter = (folder: string) => {
    if (known.has(folder)) return
    const found = lstatSync(folder, { throwIfNoEntry: false })
    if (found === undefined) mkdirSync(folder, { mode: 0o700 })
    else if (!found.isDirectory()) throw new CommandFailed(`${folder} is in the way and is no folder; move it away, or export to another one`)
    known.add(folder)
  }
  return {
    path,
    create: (names) => {
      let folder = path
      for (const name of names.slice(0, -1)) {
        folder = join(folder, name)
        enter(folder)
      }
      const target = join(folder, names.at(-1) ?? "")
      const found = lstatSync(target, { throwIfNoEntry: false })
      if (found !== undefined && !found.isFile()) throw new CommandFailed(`${target} is in the way and is no file; move it away, or export to another folder`)
      return privateFile(target)
    }
  }
}

const privateFile = (target: string): ExportFile => {
  const unfinished = `${target}.${process.pid}.part`
  rmSync(unfinished, { force: true })
  const descriptor = openSync(unfinished, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), 0o600)
  fchmodSync(descriptor, 0o600)
  return {
    path: target,
    write: (bytes) => {
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset)
    },
    finish: () => {
      closeSync(descriptor)
      renameSync(unfinished, target)
    },
    abandon: () => {
      closeSync(descriptor)
      rmSync(unfinished, { force: true })
    }
  }
}
