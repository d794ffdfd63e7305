import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, linkSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { folderVariable } from "./binariesFolder.ts"

const script = fileURLToPath(new URL("../scripts/build-binary.mjs", import.meta.url))
const longestBuildMs = 300_000
const pollMs = 100

const compiled = async (): Promise<string> => {
  const shared = process.env[folderVariable]
  if (shared === undefined) throw new Error(`${folderVariable} is not set: run the tests with npm test`)
  const [built, failed] = [join(shared, "built"), join(shared, "failed")]
  if (isFirst(join(shared, "building"))) {
    const build = spawn("node", [script, shared], { stdio: ["ignore", "ignore", "pipe"] })
    const [said, [status]] = await Promise.all([text(build.stderr), once(build, "close")])
    writeFileSync(status === 0 ? built : failed, said)
  }
  const until = Date.now() + longestBuildMs
  while (!existsSync(built)) {
    if (existsSync(failed) || Date.now() > until) throw new Error("the programs could not be compiled; `npm run build:binary` says why")
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  return shared
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

/**
 * The folder of the compiled `han`, `han-coordinator` and `han-server`. They are compiled once in a run, by whoever is the first to need them. It is awaited here, because a worker
 * that stands still for a minute, as on a busy machine, loses what it has to tell vitest.
 */
export const binaries: string = await compiled()

/** Puts the compiled programs into a folder, as somebody installs them. */
export const putBinaries = (folder: string): void => {
  mkdirSync(folder, { recursive: true })
  for (const name of ["han", "han-coordinator"]) linkSync(join(binaries, name), join(folder, name))
}
