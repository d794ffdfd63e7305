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
const inRoom: Record<string, string> = {
  core: "text/Thing",
  sql: "database/Thing",
  rpc: "Thing",
  graphql: "relay/Thing",
  server: "home/Thing",
  cli: "terminal/Thing"
}
const exported = (module: string) => ({ "han-source": `./src/${module}.ts`, types: `./dist/${module}.d.ts`, default: `./dist/${module}.js` })
const manifest = (name: string, extra: ReadonlyArray<string> = []) => ({
  exports: { "./Thing": exported(inRoom[name] ?? ""), "./package.json": "./package.json" },
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
    write(`packages/${name}/src/${inRoom[name]}.ts`, `import * as Effect from "effect/Effect"\nexport const thing = Effect.void\n`)
  }
  for (const [path, content] of Object.entries(files)) write(path, content)
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" })
  const complaints = stderr.split("\n").filter((line) => line !== "")
  expect(status).toBe(complaints.length === 0 ? 0 : 1)
  return complaints
}

it("The check of rules passes a sound tree, whatever comments, strings and templates say", () => {
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
  expect(complaintsAbout({ "packages/core/src/text/Sound.ts": source.join("\n") })).toEqual([])
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
])("The check of rules refuses %s of a sibling that the package may not know", (_, source) => {
  expect(complaintsAbout({ "packages/rpc/src/Bad.ts": `\n${source}\n`, "packages/rpc/package.json": manifest("rpc") })).toContain(
    "packages/rpc/src/Bad.ts:2: rpc may not import han-sql"
  )
})

it("The check of rules refuses what a package may not declare or reference", () => {
  expect(
    complaintsAbout({
      "packages/core/package.json": { ...manifest("core"), dependencies: { "han-sql": "0.0.0", express: "4.0.0" }, peerDependencies: { effect: "^3.0.0" } },
      "packages/core/tsconfig.json": { references: [{ path: "../sql" }] },
      "packages/sql/tsconfig.json": { references: [] }
    })
  ).toEqual([
    "packages/core/package.json: core may not depend on express; it may use effect, jsonc-parser, picomatch, yaml",
    "packages/core/package.json: core may not depend on han-sql",
    "packages/core/tsconfig.json: core may not reference sql",
    "packages/sql/tsconfig.json: lacks a reference to core, on which package.json depends"
  ])
})

it("The check of rules refuses unlisted, undeclared and unknown packages, closed modules, and ways out", () => {
  expect(
    complaintsAbout({
      "packages/cli/src/Bad.ts": `import { Database } from "bun:sqlite"\nimport * as Http from "@effect/platform/HttpClient"\nimport "han-core/text/Thing"\nimport "han-core/Thing"\nimport "../../sql/src/Thing.ts"\n`,
      "packages/website/package.json": {}
    })
  ).toEqual([
    "packages/cli/src/Bad.ts:1: cli may not import bun:sqlite; it may use effect, @effect/platform, @effect/platform-bun, bun, @effect/rpc",
    "packages/cli/src/Bad.ts:2: @effect/platform is not declared in packages/cli/package.json",
    `packages/cli/src/Bad.ts:3: "han-core/text/Thing" is closed: packages/core/package.json does not export it`,
    `packages/cli/src/Bad.ts:5: "../../sql/src/Thing.ts" leads out of the package`,
    "packages/website: the dependency rule does not say what this package may import: add it to scripts/rules.mjs"
  ])
})

it("The check of rules refuses a circle of imports, of types too", () => {
  const one = (how: string) => `${how} { two } from "./Two.ts"\nexport const one = 1\n`
  const two = `import { three } from "./Three.ts"\nexport const two = three\n`
  const three = `import { one } from "../text/One.ts"\nexport const three = one\n`
  for (const how of ["import", "import type"])
    expect(
      complaintsAbout({ "packages/core/src/text/One.ts": one(how), "packages/core/src/text/Two.ts": two, "packages/core/src/text/Three.ts": three })
    ).toEqual([expect.stringMatching(/^packages\/core\/src\/text\/\w+\.ts:1: import circle: (\w+\.ts → ){3}\w+\.ts$/)])
})

it("The check of rules refuses a file in the wrong room, or in none", () => {
  const uses = (path: string) => `import type { thing } from "${path}"\nexport type Used = typeof thing\n`
  expect(
    complaintsAbout({
      "packages/core/src/hooks/run/Ran.ts": uses("../../text/Thing.ts"),
      "packages/core/src/hooks/Contract.ts": uses("./run/Ran.ts"),
      "packages/core/src/hooks/elsewhere/Thing.ts": "",
      "packages/core/src/Loose.ts": uses("./text/Thing.ts") + uses("./store/Early.ts"),
      "packages/core/src/store/Early.ts": uses("../sessions/Late.ts"),
      "packages/core/src/sessions/Late.ts": uses("../text/Thing.ts"),
      "packages/core/src/harness/claude/One.ts": uses("../han/Two.ts"),
      "packages/core/src/harness/han/Two.ts": uses("../Both.ts"),
      "packages/core/src/harness/Both.ts": "",
      "packages/sql/src/Store.ts": uses("./queries/Rows.ts"),
      "packages/sql/src/queries/Rows.ts": uses("../database/Thing.ts")
    })
  ).toEqual([
    expect.stringMatching(/^packages\/core\/src\/Loose\.ts: lies in no room: core has text, text\/redaction, store, /),
    `packages/core/src/harness/claude/One.ts:1: "../han/Two.ts": harness/claude may not import from harness/han`,
    `packages/core/src/hooks/Contract.ts:1: "./run/Ran.ts": hooks may not import from hooks/run, which stands above it`,
    expect.stringMatching(/^packages\/core\/src\/hooks\/elsewhere\/Thing\.ts: lies in no room/),
    `packages/core/src/store/Early.ts:1: "../sessions/Late.ts": store may not import from sessions, which stands above it`
  ])
})

it("The check of rules refuses exports by pattern, of what is not there, and under another name", () => {
  const exports = {
    "./*": { "han-source": "./src/*.ts", types: "./dist/*.d.ts", default: "./dist/*.js" },
    "./Gone": exported("text/Gone"),
    "./Other": exported("text/Thing"),
    "./unstable/Thing": { ...exported("text/Thing"), default: "./dist/Thing.js" }
  }
  expect(complaintsAbout({ "packages/core/package.json": { ...manifest("core"), exports } })).toEqual([
    `packages/core/package.json: exports "./*": name one module, with "han-source", "types" and "default"`,
    `packages/core/package.json: exports "./Gone", whose source src/text/Gone.ts is not there`,
    `packages/core/package.json: exports "./Other": name it after its module Thing`,
    `packages/core/package.json: exports "./unstable/Thing": its types and its code are not those of src/text/Thing.ts`
  ])
})

it("The check of rules refuses a test that reaches into another package", () => {
  expect(
    complaintsAbout({
      "packages/cli/test/Thing.test.ts": `import "../../core/src/text/Thing.ts"\nimport "../src/terminal/Thing.ts"\nimport "../../../test/fixtures.ts"\n`
    })
  ).toEqual([`packages/cli/test/Thing.test.ts:1: "../../core/src/text/Thing.ts" leads into another package`])
})

it("The check of rules refuses barrels, empty names and long files", () => {
  expect(
    complaintsAbout({
      "packages/core/src/text/index.ts": "",
      "packages/core/src/text/utils.ts": "",
      "packages/core/src/text/SessionTypes.ts": "",
      "packages/core/src/store/common/Thing.ts": "",
      "packages/core/src/text/Long.ts": "\n".repeat(601)
    })
  ).toEqual([
    `packages/core/src/store/common/Thing.ts: "common" says nothing: name the file after its concept`,
    "packages/core/src/text/Long.ts: 601 lines; at most 600: split it by concept",
    `packages/core/src/text/SessionTypes.ts: "types" says nothing: name the file after its concept`,
    "packages/core/src/text/index.ts: no index files: import the file that has it",
    `packages/core/src/text/utils.ts: "utils" says nothing: name the file after its concept`
  ])
})
