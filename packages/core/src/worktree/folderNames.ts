import { readdirSync } from "node:fs"
import { lookAt } from "../files/fileLook.ts"
import { below, systemPath } from "./latin1Paths.ts"

/** A name in a folder, as a byte name. A symbolic link is one, whatever it leads to. */
export interface FolderName {
  readonly name: string
  readonly kind: "folder" | "link" | "other"
}

/** Lists a folder, in no order; null when it cannot be read. */
export const folderNames = (folder: string): ReadonlyArray<FolderName> | null => {
  try {
    return readdirSync(systemPath(folder), { withFileTypes: true, encoding: "latin1" }).map((entry) => {
      // There are file systems that do not say what a name stands for.
      const said = entry.isFile() || entry.isDirectory() || entry.isSymbolicLink() ? entry : lookAt(systemPath(below(folder, entry.name)), "link").stats
      return { name: entry.name, kind: said?.isDirectory() === true ? "folder" : said?.isSymbolicLink() === true ? "link" : "other" }
    })
  } catch {
    return null
  }
}
