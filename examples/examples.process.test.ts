import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, it } from "vitest"
import { createDatabase } from "../test/postgresDatabase.ts"

const fixtures = join(import.meta.dirname, "../fixtures/claude-code")
const config = (name: string) => join(fixtures, name, "config")

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "han-example-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What an example prints; anything on stderr, or another exit than 0, is a failure. */
const run = async (name: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}): Promise<string> => {
  const child = spawn(process.execPath, ["--conditions=han-source", join(import.meta.dirname, name), ...args], { env: { ...process.env, ...env } })
  const text = { out: "", err: "" }
  child.stdout.on("data", (data) => (text.out += data))
  child.stderr.on("data", (data) => (text.err += data))
  const code = await new Promise((resolve) => child.on("close", resolve))
  assert.strictEqual(text.err, "")
  assert.strictEqual(code, 0)
  return text.out
}

it("A program embeds the indexer with a journal of its own", async () => {
  const filename = join(folder, "own.db")
  const said = await run("embed.ts", [config("06-compact"), filename, "alpha"])
  assert.include(said, "5b701211-d820-4a2b-a533-715b28c0132f It says alpha.")
  // A second run finds everything indexed.
  assert.strictEqual(await run("embed.ts", [config("06-compact"), filename, "alpha"]), said)
})

it("A program answers GraphQL over a store, with the lines that the package's README shows", async () => {
  const filename = join(folder, "own.db")
  await run("embed.ts", [config("06-compact"), filename, "alpha"])
  const said = await run("graphql.ts", [filename, "{ sessions(first: 1) { edges { node { sessionId } } } }"])
  assert.strictEqual(said, '{"data":{"sessions":{"edges":[{"node":{"sessionId":"5b701211-d820-4a2b-a533-715b28c0132f"}}]}}}\n')
  const shown = /```ts\n(.*?)```/s.exec(readFileSync(join(import.meta.dirname, "../packages/graphql/README.md"), "utf8"))?.[1] ?? ""
  const lines = readFileSync(join(import.meta.dirname, "graphql.ts"), "utf8").split("\n")
  assert.deepStrictEqual(
    shown.split("\n").filter((line) => !lines.includes(line)),
    []
  )
})

it("A program adds a projection of its own", async () => {
  const said = await run("projection.ts", [config("07-large-output"), join(folder, "own.db")])
  assert.match(said, /^\d+ \S+\n/)
  assert.strictEqual(await run("projection.ts", [config("07-large-output"), join(folder, "own.db")]), said)
})

it("A program runs on PostgreSQL, each owner for itself", async () => {
  const database = await createDatabase("example")
  try {
    const files = readdirSync(join(config("08-resume-fork"), "projects/-home-dev-project")).filter((name) => name.endsWith(".jsonl"))
    assert.strictEqual(await run("postgres.ts", [config("08-resume-fork"), database.url]), `alice ${files.length}\nbob 0\n`)
  } finally {
    await database.drop()
  }
})

it("A script asks the coordinator", async () => {
  const env = { HAN_HOME: join(folder, "han"), HAN_PORT: "0", CLAUDE_CONFIG_DIR: config("02-streaming"), HOME: folder }
  const han = async (...args: ReadonlyArray<string>) => {
    const cli = join(import.meta.dirname, "../packages/cli/src/bin.ts")
    const child = spawn(process.execPath, ["--conditions=han-source", cli, ...args], { env: { ...process.env, ...env }, stdio: "ignore" })
    return new Promise((resolve) => child.on("close", resolve))
  }
  try {
    // It starts the coordinator, which goes on in the background.
    assert.strictEqual(await han("index"), 0)
    assert.strictEqual(await run("script.ts", [], env), "0.0149 read a and b\n0.0149 in all\n")
  } finally {
    assert.strictEqual(await han("coordinator", "stop"), 0)
  }
})

it("A program sends what it indexes to another one's store", async () => {
  const database = await createDatabase("example")
  try {
    const files = readdirSync(join(config("08-resume-fork"), "projects/-home-dev-project")).filter((name) => name.endsWith(".jsonl"))
    const said = await run("sync.ts", [config("08-resume-fork"), join(folder, "own.db"), database.url])
    assert.strictEqual(said, `sent ${files.length} received ${files.length}\n`)
  } finally {
    await database.drop()
  }
})
