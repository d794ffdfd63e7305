import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The environment variable that tells tests where the programs of this run are compiled. */
export const folderVariable = "HAN_TEST_BINARIES"

/** One folder for a run of the tests. */
export default () => {
  const folder = mkdtempSync(join(tmpdir(), "han-binaries-"))
  process.env[folderVariable] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
