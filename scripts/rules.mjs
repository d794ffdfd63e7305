#!/usr/bin/env node
// Checks what docs and reviews cannot hold: which package and which room may import what, what a package exports, import circles, names, sizes. `rules.mjs [ROOT]`
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { filesBelow, skeletonOf } from "./skeleton.mjs"

const root = resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)))
const maxLines = 600

const base = ["effect", "@effect/platform"]
const stores = ["@effect/sql", "@effect/sql-sqlite-bun", "@effect/sql-pg", "@effect/experimental", "pg"]
const graph = ["graphql", "graphql-relay", "graphql-ws", "dataloader"]
const onBun = ["@effect/platform-bun", "bun"]
/** Which siblings and which other packages each package may import. Node's built-in modules are open to all. */
const allowed = {
  core: { siblings: [], others: ["effect", "jsonc-parser", "picomatch", "yaml"] },
  sql: { siblings: ["core"], others: ["effect", ...stores, "bun:sqlite"] },
  rpc: { siblings: ["core"], others: [...base, "@effect/rpc"] },
  graphql: { siblings: ["core"], others: ["effect", ...graph] },
  server: {
    siblings: ["core", "sql", "rpc", "graphql"],
    others: [...base, ...stores, ...graph, ...onBun, "@effect/rpc", "bun:sqlite", "jose", "oauth4webapi"]
  },
  // Never bun:sqlite: one process writes a database, and it is not the command line.
  cli: { siblings: ["core", "rpc", "server"], others: [...base, ...onBun, "@effect/rpc"] },
  // Runs in browsers: of han it knows the schema alone.
  dashboard: {
    siblings: [],
    others: ["react", "react-dom", "@tanstack/react-router", "relay-runtime", "graphql-ws", "virtua", "react-markdown", "remark-gfm", "shiki"]
  }
}
/**
 * The rooms of each package, in order: a file imports from its own room and from those before it. `.` is what lies in src itself. A folder that is not listed belongs to the
 * room around it, unless that room has rooms of its own.
 */
const rooms = {
  core: [
    ..."text text/redaction store workspaces files journal hooks harness transcripts sessions usage sync sentiment worktree settings plugins".split(" "),
    ..."hooks/shell hooks/definition hooks/entries hooks/process hooks/decision hooks/answer hooks/run coordinator".split(" ")
  ],
  sql: ["database", "blocks", "earlier", "workspaces", "sync", "readmodels", "queries", "journal", "receiver", ".", "bin", "testing"],
  rpc: ["."],
  graphql: "transport relay context workspace messages machine hooks projects usage sessions numbers .".split(" "),
  server: ["loopback", "home", "store", "http", "team", "sync", ".", "bin"],
  cli: "environment terminal command-line coordinator arguments hook export commands .".split(" "),
  dashboard: "generated text relay frame parts conversation pages .".split(" ")
}
/** Rooms whose folders know nothing of one another: each holds one harness. */
const apart = new Set(["core/harness"])

const forbiddenWords = new Set(
  "util utils helper helpers common shared types manager managers misc service services handler processor processors impl live".split(" ")
)

const complaints = []
const complain = (file, line, message) => complaints.push(`${relative(root, file)}${line === null ? "" : `:${line}`}: ${message}`)

/** Every module that a file names, types included. */
const importsOf = (source) => {
  const skeleton = skeletonOf(source)
  const found = []
  const patterns = [/\b(?:import|export)\b[^"'`;()=]*?\bfrom\s*["']/g, /\bimport\s*["']/g, /\b(?:import|require)\s*\(\s*["']/g]
  for (const pattern of patterns) {
    for (const match of skeleton.matchAll(pattern)) {
      const from = match.index + match[0].length
      const specifier = source.slice(from, skeleton.indexOf(source[from - 1], from))
      found.push({ specifier, line: source.slice(0, match.index).split("\n").length })
    }
  }
  return found
}

/** Made by Relay's compiler, in a form of its own. */
const isGenerated = (source, file) => relative(source, file).startsWith(`generated${sep}`)

const packageOf = (specifier) => (specifier.startsWith("@") ? specifier.split("/").slice(0, 2).join("/") : specifier.split("/")[0])
const json = (path) => {
  try {
    return JSON.parse(readFileSync(path, "utf8"))
  } catch (error) {
    complain(path, null, `cannot be read: ${error.message}`)
    return {}
  }
}

/** What each package lists in its `exports`, without the `.`: `Journal`, `unstable/Clip`. */
const exported = new Map()

/** Each module that is exported has a line of its own, with its source, its types and its code in the same place. */
const checkExports = (path, folder, listed) => {
  const names = new Set()
  for (const [subpath, target] of Object.entries(listed)) {
    if (subpath === "./package.json") continue
    const name = subpath.slice(2)
    names.add(name)
    const module = /^\.\/src\/(.+)\.ts$/.exec(target?.["han-source"] ?? "")?.[1]
    if (module === undefined || module.includes("*")) complain(path, null, `exports "${subpath}": name one module, with "han-source", "types" and "default"`)
    else if (!existsSync(join(folder, "src", `${module}.ts`))) complain(path, null, `exports "${subpath}", whose source src/${module}.ts is not there`)
    else if (target.types !== `./dist/${module}.d.ts` || target.default !== `./dist/${module}.js`)
      complain(path, null, `exports "${subpath}": its types and its code are not those of src/${module}.ts`)
    else if (basename(name) !== basename(module)) complain(path, null, `exports "${subpath}": name it after its module ${basename(module)}`)
  }
  return names
}

const checkManifest = (name, folder) => {
  const path = join(folder, "package.json")
  const manifest = json(path)
  exported.set(name, checkExports(path, folder, manifest.exports ?? {}))
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies })
  const siblings = declared.filter((dependency) => dependency.startsWith("han-")).map((dependency) => dependency.slice(4))
  for (const dependency of declared) {
    if (dependency.startsWith("han-")) {
      if (!allowed[name].siblings.includes(dependency.slice(4))) complain(path, null, `${name} may not depend on ${dependency}`)
    } else if (!allowed[name].others.includes(dependency))
      complain(path, null, `${name} may not depend on ${dependency}; it may use ${allowed[name].others.join(", ")}`)
  }
  const config = join(folder, "tsconfig.json")
  const references = (json(config).references ?? []).map((reference) => basename(reference.path))
  for (const reference of references) if (!allowed[name].siblings.includes(reference)) complain(config, null, `${name} may not reference ${reference}`)
  for (const sibling of siblings) if (!references.includes(sibling)) complain(config, null, `lacks a reference to ${sibling}, on which package.json depends`)
  for (const reference of references)
    if (!siblings.includes(reference)) complain(config, null, `references ${reference}, on which package.json does not depend`)
  return new Set(declared)
}

const checkName = (file, source) => {
  const name = basename(file, extname(file))
  const segments = relative(source, file).split("/").slice(0, -1)
  // `han index` is a command; elsewhere such a file only passes on what others have.
  if (name === "index" && segments.at(-1) !== "commands") complain(file, null, "no index files: import the file that has it")
  for (const part of [...segments, name]) {
    const words = part
      .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
      .toLowerCase()
      .split(/[^a-z0-9]+/)
    const bad = words.find((word) => forbiddenWords.has(word))
    if (bad !== undefined) complain(file, null, `"${bad}" says nothing: name the file after its concept`)
  }
}

/** The room that a file lies in, by its path below src; undefined where there is none. */
const roomOf = (name, file, source) => {
  const folder = relative(source, dirname(file)).split(sep).join("/")
  const isIn = (room) => (room === "." ? folder === "" : folder === room || folder.startsWith(`${room}/`))
  const [room] = rooms[name].filter(isIn).sort((a, b) => b.length - a.length)
  // A room with rooms of its own has no other folders.
  return folder !== room && rooms[name].some((other) => other.startsWith(`${room}/`)) ? undefined : room
}

const checkRooms = (name, file, source, target, { line, specifier }) => {
  const [room, other] = [file, target].map((path) => roomOf(name, path, source))
  if (room === undefined || other === undefined) return
  if (rooms[name].indexOf(other) > rooms[name].indexOf(room))
    complain(file, line, `"${specifier}": ${room} may not import from ${other}, which stands above it`)
  const [mine, theirs] = [file, target].map((path) => relative(join(source, room), path).split(sep))
  if (room === other && apart.has(`${name}/${room}`) && mine.length > 1 && theirs.length > 1 && mine[0] !== theirs[0])
    complain(file, line, `"${specifier}": ${room}/${mine[0]} may not import from ${room}/${theirs[0]}`)
}

const checkImport = (name, file, source, declared, { specifier, line }) => {
  if (specifier.startsWith(".")) {
    const target = resolve(dirname(file), specifier)
    if (relative(source, target).startsWith("..")) complain(file, line, `"${specifier}" leads out of the package`)
    else checkRooms(name, file, source, target, { specifier, line })
    return
  }
  if (specifier.startsWith("node:")) return
  const imported = specifier.startsWith("bun:") ? specifier : packageOf(specifier)
  if (imported.startsWith("han-")) {
    const sibling = imported.slice(4)
    if (sibling === name) complain(file, line, `"${specifier}": import the file itself, by a relative path`)
    else if (!allowed[name].siblings.includes(sibling)) complain(file, line, `${name} may not import ${imported}`)
    else if (!(exported.get(sibling) ?? new Set()).has(specifier.slice(imported.length + 1)))
      complain(file, line, `"${specifier}" is closed: packages/${sibling}/package.json does not export it`)
  } else if (!allowed[name].others.includes(imported)) complain(file, line, `${name} may not import ${imported}; it may use ${allowed[name].others.join(", ")}`)
  if (!imported.startsWith("bun") && !declared.has(imported)) complain(file, line, `${imported} is not declared in packages/${name}/package.json`)
}

/** Circles among the files of a package, imports of types included: who reads one of them has to read all. */
const checkCircles = (graphOfFiles) => {
  const state = new Map()
  const path = []
  const visit = (file) => {
    state.set(file, "open")
    path.push(file)
    for (const { target, line } of graphOfFiles.get(file) ?? []) {
      if (state.get(target) === "open") {
        const cycle = [...path.slice(path.indexOf(target)), target].map((each) => basename(each)).join(" → ")
        complain(file, line, `import circle: ${cycle}`)
      } else if (!state.has(target)) visit(target)
    }
    path.pop()
    state.set(file, "done")
  }
  for (const file of graphOfFiles.keys()) if (!state.has(file)) visit(file)
}

let checked = 0
const packages = existsSync(join(root, "packages")) ? readdirSync(join(root, "packages"), { withFileTypes: true }).filter((entry) => entry.isDirectory()) : []
if (packages.length === 0) complain(join(root, "packages"), null, "there are no packages here")
const declarations = new Map()
for (const { name } of packages) {
  const folder = join(root, "packages", name)
  if (Object.hasOwn(allowed, name)) declarations.set(name, checkManifest(name, folder))
  else complain(folder, null, "the dependency rule does not say what this package may import: add it to scripts/rules.mjs")
}

const checkSource = (name, source, file, declared) => {
  checked++
  const text = readFileSync(file, "utf8")
  checkName(file, source)
  if (roomOf(name, file, source) === undefined) complain(file, null, `lies in no room: ${name} has ${rooms[name].join(", ")}`)
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0)
  if (lines > maxLines) complain(file, null, `${lines} lines; at most ${maxLines}: split it by concept`)
  const imports = importsOf(text)
  for (const each of imports) checkImport(name, file, source, declared, each)
  return imports.filter((each) => each.specifier.startsWith(".")).map((each) => ({ target: resolve(dirname(file), each.specifier), line: each.line }))
}

/** Tests use what their own package has, and what all tests share; what another package keeps closed is closed to them, too. */
const checkTest = (name, file) => {
  for (const { line, specifier } of importsOf(readFileSync(file, "utf8"))) {
    const target = specifier.startsWith(".") ? relative(join(root, "packages"), resolve(dirname(file), specifier)) : null
    if (target !== null && !target.startsWith("..") && target.split(sep)[0] !== name) complain(file, line, `"${specifier}" leads into another package`)
  }
}

for (const [name, declared] of declarations) {
  const folder = join(root, "packages", name)
  const source = join(folder, "src")
  const isCode = (path) => /\.[cm]?[jt]sx?$/.test(path)
  checkCircles(
    new Map(
      filesBelow(source)
        .filter((file) => isCode(file) && !isGenerated(source, file))
        .map((file) => [file, checkSource(name, source, file, declared)])
    )
  )
  for (const file of filesBelow(join(folder, "test")).filter(isCode)) checkTest(name, file)
}

for (const complaint of complaints.sort()) console.error(complaint)
console.log(`${checked} files, ${complaints.length} against the rules`)
process.exitCode = complaints.length > 0 ? 1 : 0
