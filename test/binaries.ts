import { spawnSync } from "node:child_process"
import { existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The environment variable that tells tests where the programs of this run are compiled. */
const folderVariable = "HAN_TEST_BINARIES"
const script = fileURLToPath(new URL("../scripts/build-binary.mjs", import.meta.url))
const longestBuildMs = 300_000

/** One folder for a run of the tests. */
export default () => {
  const folder = mkdtempSync(join(tmpdir(), "han-binaries-"))
  process.env[folderVariable] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}

/** The folder of the compiled `han` and `han-coordinator`. They are compiled once in a run, by whoever is the first to need them. */
export const binaries = (): string => {
  const shared = process.env[folderVariable]
  if (shared === undefined) throw new Error(`${folderVariable} is not set: run the tests with npm test`)
  const [built, failed] = [join(shared, "built"), join(shared, "failed")]
  if (isFirst(join(shared, "building"))) {
    const { status, stderr } = spawnSync("node", [script, shared], { encoding: "utf8" })
    writeFileSync(status === 0 ? built : failed, stderr)
  }
  const until = Date.now() + longestBuildMs
  while (!existsSync(built)) {
    if (existsSync(failed) || Date.now() > until) throw new Error("the programs could not be compiled; `npm run build:binary` says why")
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
  return shared
}

/** Puts the compiled programs into a folder, as somebody installs them. */
export const putBinaries = (folder: string): void => {
  const shared = binaries()
  mkdirSync(folder, { recursive: true })
  for (const name of ["han", "han-coordinator"]) linkSync(join(shared, name), join(folder, name))
}

const isFirst = (mark: string): boolean => {
  try {
    mkdirSync(mark)
    return true
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false
    throw error
  }
}
