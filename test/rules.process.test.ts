import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, expect, it } from "vitest"

const script = fileURLToPath(new URL("../scripts/rules.mjs", import.meta.url))
const folders: Array<string> = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const names = ["core", "sql", "rpc", "graphql", "server", "cli"]
const siblings: Record<string, ReadonlyArray<string>> = {
  core: [],
  sql: ["core"],
  rpc: ["core"],
  graphql: ["core"],
  server: ["core", "sql"],
  cli: ["core", "rpc"]
}
const manifest = (name: string, extra: ReadonlyArray<string> = []) => ({
  dependencies: Object.fromEntries([...(siblings[name] ?? []).map((sibling) => `han-${sibling}`), ...extra].map((dependency) => [dependency, "0.0.0"])),
  peerDependencies: { effect: "^3.0.0" }
})

/** A sound tree with `files` laid over it, and what the rules say about it. */
const complaintsAbout = (files: Record<string, string | object>) => {
  const folder = mkdtempSync(join(tmpdir(), "han-rules-"))
  folders.push(folder)
  const write = (path: string, content: string | object) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content))
  }
  for (const name of names) {
    write(`packages/${name}/package.json`, manifest(name))
    write(`packages/${name}/tsconfig.json`, { references: (siblings[name] ?? []).map((sibling) => ({ path: `../${sibling}` })) })
    write(`packages/${name}/src/Thing.ts`, `import * as Effect from "effect/Effect"\nexport const thing = Effect.void\n`)
  }
  for (const [path, content] of Object.entries(files)) write(path, content)
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" })
  const complaints = stderr.split("\n").filter((line) => line !== "")
  expect(status).toBe(complaints.length === 0 ? 0 : 1)
  return complaints
}

it("passes a sound tree, whatever comments, strings and templates say", () => {
  const source = [
    `import type { Thing } from "./Thing.ts"`,
    `// import "han-sql/Store"`,
    `/* export * from "han-sql/Store" */`,
    "const code = `import x from 'han-sql/Store' ${`import \"han-sql/Store\"`}`",
    `const glob = "/*"`,
    `const pattern = /["'\`/*]/`,
    `const text = 'import("han-sql/Store")'`,
    `export { code, glob, pattern, text, type Thing }`
  ]
  expect(complaintsAbout({ "packages/core/src/Sound.ts": source.join("\n") })).toEqual([])
})

it.each([
  ["a static import", `import { Store } from "han-sql/Store"`],
  ["an import over several lines", `import {\n  Store\n} from "han-sql/Store"`],
  ["an import of types", `import type { Store } from "han-sql/Store"`],
  ["an import for its effect", `import "han-sql/Store"`],
  ["a dynamic import", `export const later = () => import("han-sql/Store")`],
  ["a type in an import expression", `export type Store = import("han-sql/Store").Store`],
  ["an export from", `export { Store } from "han-sql/Store"`],
  ["an import in a template", "export const text = `${await import('han-sql/Store')}`"]
])("refuses %s of a sibling that the package may not know", (_, source) => {
  expect(complaintsAbout({ "packages/rpc/src/Bad.ts": `\n${source}\n`, "packages/rpc/package.json": manifest("rpc") })).toContain(
    "packages/rpc/src/Bad.ts:2: rpc may not import han-sql"
  )
})

it("refuses what a package may not declare or reference", () => {
  expect(
    complaintsAbout({
      "packages/core/package.json": { dependencies: { "han-sql": "0.0.0", express: "4.0.0" }, peerDependencies: { effect: "^3.0.0" } },
      "packages/core/tsconfig.json": { references: [{ path: "../sql" }] },
      "packages/sql/tsconfig.json": { references: [] }
    })
  ).toEqual([
    "packages/core/package.json: core may not depend on express; it may use effect, @effect/platform, jsonc-parser, picomatch, yaml",
    "packages/core/package.json: core may not depend on han-sql",
    "packages/core/tsconfig.json: core may not reference sql",
    "packages/sql/tsconfig.json: lacks a reference to core, on which package.json depends"
  ])
})

it("refuses packages off the list, undeclared ones, internals, ways out of the package, and an unknown package", () => {
  expect(
    complaintsAbout({
      "packages/cli/src/Bad.ts": `import { Database } from "bun:sqlite"\nimport * as Http from "@effect/platform/HttpClient"\nimport "han-core/internal/lines"\nimport "../../sql/src/Thing.ts"\n`,
      "packages/dashboard/package.json": {}
    })
  ).toEqual([
    "packages/cli/src/Bad.ts:1: cli may not import bun:sqlite; it may use effect, @effect/platform, @effect/platform-bun, bun, @effect/rpc, @effect/cli, @effect/printer, @effect/printer-ansi",
    "packages/cli/src/Bad.ts:2: @effect/platform is not declared in packages/cli/package.json",
    `packages/cli/src/Bad.ts:3: "han-core/internal/lines" is internal to han-core`,
    `packages/cli/src/Bad.ts:4: "../../sql/src/Thing.ts" leads out of the package`,
    "packages/dashboard: the dependency rule does not say what this package may import: add it to scripts/rules.mjs"
  ])
})

it("refuses import cycles, but not among types", () => {
  const one = (how: string) => `${how} { two } from "./Two.ts"\nexport const one = 1\n`
  const two = `import { three } from "./Three.ts"\nexport const two = three\n`
  const three = `import { one } from "./One.ts"\nexport const three = one\n`
  expect(complaintsAbout({ "packages/core/src/One.ts": one("import"), "packages/core/src/Two.ts": two, "packages/core/src/Three.ts": three })).toEqual([
    expect.stringMatching(/^packages\/core\/src\/\w+\.ts:1: import cycle: (\w+\.ts → ){3}\w+\.ts$/)
  ])
  expect(complaintsAbout({ "packages/core/src/One.ts": one("import type"), "packages/core/src/Two.ts": two, "packages/core/src/Three.ts": three })).toEqual([])
})

it("refuses barrels, empty names and long files", () => {
  expect(
    complaintsAbout({
      "packages/core/src/index.ts": "",
      "packages/core/src/utils.ts": "",
      "packages/core/src/SessionTypes.ts": "",
      "packages/core/src/common/Thing.ts": "",
      "packages/core/src/Long.ts": "\n".repeat(401)
    })
  ).toEqual([
    "packages/core/src/Long.ts: 401 lines; at most 400: split it by concept",
    `packages/core/src/SessionTypes.ts: "types" says nothing: name the file after its concept`,
    `packages/core/src/common/Thing.ts: "common" says nothing: name the file after its concept`,
    "packages/core/src/index.ts: no index files: import the file that has it",
    `packages/core/src/utils.ts: "utils" says nothing: name the file after its concept`
  ])
})
