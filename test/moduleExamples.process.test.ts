import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, expect, it } from "vitest"

const root = fileURLToPath(new URL("..", import.meta.url))
const longestCheckMs = 300_000

interface Module {
  /** As it is imported: `han-core/Usage`. */
  readonly name: string
  /** Its source, from the root. */
  readonly file: string
  readonly text: string
}

interface Example {
  readonly name: string
  readonly file: string
  /** Its lines have the numbers that they have in the source. */
  readonly code: string
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const modules: ReadonlyArray<Module> = readdirSync(join(root, "packages")).flatMap((folder) => {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8"))
  if (!isRecord(manifest) || !isRecord(manifest.exports)) return []
  return Object.entries(manifest.exports).flatMap(([key, target]) => {
    if (key === "./package.json" || key.startsWith("./unstable/")) return []
    const file = join("packages", folder, String(isRecord(target) ? target["han-source"] : target))
    return [{ name: `${manifest.name}${key.slice(1)}`, file, text: readFileSync(join(root, file), "utf8") }]
  })
})

/** The example with which a module begins, or a sentence that says what its first comment lacks. */
const exampleOf = ({ file, name, text }: Module): Example | string => {
  // A comment without an empty line behind it belongs to the symbol that follows.
  const comment = /^\/\*\*\n((?: \*.*\n)+?) \*\/\n\n/.exec(text)?.[1]
  if (comment === undefined) return "does not begin with a doc comment that has an empty line behind it"
  const lines = comment.split("\n").map((line) => line.replace(/^ \* ?/, ""))
  const [at, from, to] = [lines.indexOf("@example"), lines.indexOf("```ts"), lines.indexOf("```")]
  const prose = lines.slice(0, Math.max(at, 0)).filter((line) => line !== "")
  if (prose.length < 1 || prose.length > 3) return "does not say in one to three lines before @example what it is for"
  if (from !== at + 1 || to < from || lines.slice(to + 1).some((line) => line !== "")) return "does not end its first comment with @example and one ts block"
  const code = lines.slice(from + 1, to)
  if (!code.some((line) => line.endsWith(` from "${name}"`))) return `does not import "${name}" in its example`
  return { name, file, code: "\n".repeat(from + 2) + code.join("\n") }
}

/** Runs tsc in a folder; gives its words and how it ended. */
const tsc = async (folder: string, ...args: ReadonlyArray<string>): Promise<{ readonly code: unknown; readonly said: string }> => {
  const child = spawn(join(root, "node_modules/.bin/tsc"), [...args, "--pretty", "false"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] })
  let said = ""
  child.stdout.on("data", (data) => (said += data))
  const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject))
  return { code, said }
}

/** The complaints of one run of tsc, each with the module and the line that it is about. */
const complaintsAbout = async (examples: ReadonlyArray<Example>): Promise<ReadonlyArray<string>> => {
  // The examples see the declarations that are published: to check the sources again with them takes four times the processor time. After a build nothing is built.
  const build = await tsc(root, "-b", "tsconfig.build.json")
  if (build.code !== 0) throw new Error(`the packages could not be built: ${build.said}`)
  // Inside of the tree, so that the packages and their dependencies are found, and where no other tool looks.
  const cache = join(root, "node_modules/.cache")
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, "examples-"))
  try {
    examples.forEach(({ code }, index) => {
      writeFileSync(join(folder, `${index}.mts`), `${code}\nexport {}\n`)
    })
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "tsconfig.json"),
        // An example declares what its reader goes on to use.
        compilerOptions: { noUnusedLocals: false, customConditions: [] },
        files: examples.map((_, index) => `${index}.mts`),
        include: []
      })
    )
    const { code, said } = await tsc(folder, "-p", folder)
    const complaints = said.split("\n").filter((line) => line.includes("error TS"))
    if (code !== 0 && complaints.length === 0) throw new Error(`tsc ended with ${code}: ${said}`)
    return complaints.map((line) => line.replace(/^(\d+)\.mts\((\d+),\d+\)/, (_, index, row) => `${examples[index]?.name} (${examples[index]?.file}:${row})`))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const found = modules.map((module) => ({ module, example: exampleOf(module) }))
/** It is checked with the others, and shows that they are. */
const broken: Example = { name: "han-core/Usage", file: "broken", code: `\n\nimport { Usage } from "han-core/Usage"\nconst usage: typeof Usage.Service = 1` }

let complaints: ReadonlyArray<string>
beforeAll(async () => {
  complaints = await complaintsAbout([...found.flatMap(({ example }) => (typeof example === "string" ? [] : [example])), broken])
}, longestCheckMs)

it("The check of examples takes the public modules of every package from its manifest", () => {
  const names = modules.map(({ name }) => name)
  for (const name of ["han-core/Usage", "han-sql/SqliteStore", "han-rpc/HanPromise", "han-graphql/Schema", "han-server/Coordinator"])
    expect(names).toContain(name)
  expect(names.filter((name) => name.includes("unstable"))).toEqual([])
})

it("The check of examples finds an example at the beginning of every public module", () => {
  expect(found.flatMap(({ example, module }) => (typeof example === "string" ? [`${module.name} (${module.file}) ${example}`] : []))).toEqual([])
})

it("The check of examples names the module and the line of an example that does not compile", () => {
  const said = complaints.filter((line) => line.includes("(broken:"))
  expect(said).toEqual([expect.stringMatching(/^han-core\/Usage \(broken:4\): error TS2322: /)])
})

it("The check of examples compiles the example of every public module", () => {
  expect(complaints.filter((line) => !line.includes("(broken:"))).toEqual([])
})
