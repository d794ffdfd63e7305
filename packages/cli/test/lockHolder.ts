import { spawn } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const startingFile = join(import.meta.dirname, "../../core/src/coordinator/StartingFile.ts")

/** Starts a process that has the lock of `home`, and runs `steps`, in which `write(home, process.pid, words)` says where a start is. Gives it when it has the lock. */
export const lockHolder = (home: string, steps: string) => {
  const text = `
    import { Database } from "bun:sqlite"
    import { write } from ${JSON.stringify(startingFile)}
    const home = process.argv[2]
    const lock = new Database(home + "/lock.db", { create: true })
    lock.run("PRAGMA locking_mode = EXCLUSIVE")
    lock.run("BEGIN EXCLUSIVE")
    console.log("held")
    ${steps}
  `
  const file = join(home, "holder.ts")
  mkdirSync(home, { recursive: true, mode: 0o700 })
  writeFileSync(file, text)
  const child = spawn(process.execPath, [file, home], { stdio: ["ignore", "pipe", "inherit"] })
  return new Promise<typeof child>((resolve) => child.stdout.once("data", () => resolve(child)))
}
