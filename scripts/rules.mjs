#!/usr/bin/env node
// Checks what docs and reviews cannot hold: which package may import what, no import cycles, names, sizes. `rules.mjs [ROOT]`
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, extname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const root = resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)))
const maxLines = 400

const base = ["effect", "@effect/platform"]
const stores = ["@effect/sql", "@effect/sql-sqlite-bun", "@effect/sql-pg", "@effect/experimental", "pg"]
const graph = ["graphql", "graphql-relay", "graphql-ws", "dataloader"]
const onBun = ["@effect/platform-bun", "bun"]
/** Which siblings and which other packages each package may import. Node's built-in modules are open to all. */
const allowed = {
  core: { siblings: [], others: [...base, "jsonc-parser", "picomatch", "yaml"] },
  sql: { siblings: ["core"], others: [...base, ...stores, "bun:sqlite"] },
  rpc: { siblings: ["core"], others: [...base, "@effect/rpc"] },
  graphql: { siblings: ["core"], others: [...base, ...graph] },
  server: { siblings: ["core", "sql", "rpc", "graphql"], others: [...base, ...stores, ...graph, ...onBun, "@effect/rpc", "bun:sqlite"] },
  // Never bun:sqlite: one process writes a database, and it is not the command line.
  cli: { siblings: ["core", "rpc", "server"], others: [...base, ...onBun, "@effect/rpc", "@effect/cli", "@effect/printer", "@effect/printer-ansi"] }
}
const forbiddenWords = new Set(
  "util utils helper helpers common shared types manager managers misc service services handler processor processors impl live".split(" ")
)

const complaints = []
const complain = (file, line, message) => complaints.push(`${relative(root, file)}${line === null ? "" : `:${line}`}: ${message}`)

const filesBelow = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    : []

/** The source with comments and the contents of strings blanked, of the same length. */
const skeletonOf = (source) => {
  const out = [...source].length === source.length ? source.split("") : Array.from({ length: source.length }, (_, i) => source[i])
  const blank = (from, to) => {
    for (let i = from; i < to && i < out.length; i++) if (out[i] !== "\n") out[i] = " "
  }
  // Where a template's `${` was opened, how deep its braces are.
  const templates = []
  let lastCode = ""
  let i = 0
  const template = () => {
    const from = i
    while (i < source.length && source[i] !== "`") {
      if (source[i] === "\\") i++
      else if (source[i] === "$" && source[i + 1] === "{") {
        blank(from, i)
        i += 2
        templates.push(0)
        lastCode = "{"
        return
      }
      i++
    }
    blank(from, i)
    i++
    lastCode = "`"
  }
  while (i < source.length) {
    const c = source[i]
    if (c === "/" && source[i + 1] === "/") {
      const end = source.indexOf("\n", i)
      blank(i, end < 0 ? source.length : end)
      i = end < 0 ? source.length : end
    } else if (c === "/" && source[i + 1] === "*") {
      const end = source.indexOf("*/", i + 2)
      const to = end < 0 ? source.length : end + 2
      blank(i, to)
      i = to
    } else if (c === '"' || c === "'") {
      let j = i + 1
      while (j < source.length && source[j] !== c && source[j] !== "\n") j += source[j] === "\\" ? 2 : 1
      blank(i + 1, j)
      i = j + 1
      lastCode = c
    } else if (c === "/" && /[(,=:[!&|?{};+*%<>~^-]|^$/.test(lastCode)) {
      let j = i + 1
      for (let inClass = false; j < source.length && (inClass || source[j] !== "/") && source[j] !== "\n"; j++) {
        if (source[j] === "\\") j++
        else if (source[j] === "[") inClass = true
        else if (source[j] === "]") inClass = false
      }
      blank(i + 1, j)
      i = j + 1
      lastCode = "/"
    } else if (c === "`") {
      i++
      template()
    } else {
      if (templates.length > 0 && c === "{") templates[templates.length - 1]++
      if (templates.length > 0 && c === "}" && templates[templates.length - 1]-- === 0) {
        templates.pop()
        i++
        template()
        continue
      }
      if (!/\s/.test(c)) lastCode = c
      i++
    }
  }
  return out.join("")
}

/** Every module that a file names, types included. */
const importsOf = (source) => {
  const skeleton = skeletonOf(source)
  const found = []
  const patterns = [/\b(?:import|export)\b[^"'`;()=]*?\bfrom\s*["']/g, /\bimport\s*["']/g, /\b(?:import|require)\s*\(\s*["']/g]
  for (const pattern of patterns) {
    for (const match of skeleton.matchAll(pattern)) {
      const from = match.index + match[0].length
      const specifier = source.slice(from, skeleton.indexOf(source[from - 1], from))
      found.push({ specifier, line: source.slice(0, match.index).split("\n").length, typeOnly: /^(?:import|export)\s+type\b/.test(match[0]) })
    }
  }
  return found
}

const packageOf = (specifier) => (specifier.startsWith("@") ? specifier.split("/").slice(0, 2).join("/") : specifier.split("/")[0])
const json = (path) => {
  try {
    return JSON.parse(readFileSync(path, "utf8"))
  } catch (error) {
    complain(path, null, `cannot be read: ${error.message}`)
    return {}
  }
}

const checkManifest = (name, folder) => {
  const path = join(folder, "package.json")
  const manifest = json(path)
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

const checkImport = (name, file, source, declared, { specifier, line }) => {
  if (specifier.startsWith(".")) {
    if (relative(source, resolve(dirname(file), specifier)).startsWith("..")) complain(file, line, `"${specifier}" leads out of the package`)
    return
  }
  if (specifier.startsWith("node:")) return
  const imported = specifier.startsWith("bun:") ? specifier : packageOf(specifier)
  if (imported.startsWith("han-")) {
    const sibling = imported.slice(4)
    if (sibling === name) complain(file, line, `"${specifier}": import the file itself, by a relative path`)
    else if (!allowed[name].siblings.includes(sibling)) complain(file, line, `${name} may not import ${imported}`)
    if (specifier.includes("/internal/")) complain(file, line, `"${specifier}" is internal to ${imported}`)
  } else if (!allowed[name].others.includes(imported)) complain(file, line, `${name} may not import ${imported}; it may use ${allowed[name].others.join(", ")}`)
  if (!imported.startsWith("bun") && !declared.has(imported)) complain(file, line, `${imported} is not declared in packages/${name}/package.json`)
}

/** Cycles among the files of a package that remain when types are gone. */
const checkCycles = (graphOfFiles) => {
  const state = new Map()
  const path = []
  const visit = (file) => {
    state.set(file, "open")
    path.push(file)
    for (const { target, line } of graphOfFiles.get(file) ?? []) {
      if (state.get(target) === "open") {
        const cycle = [...path.slice(path.indexOf(target)), target].map((each) => basename(each)).join(" → ")
        complain(file, line, `import cycle: ${cycle}`)
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
for (const { name } of packages) {
  const folder = join(root, "packages", name)
  if (!Object.hasOwn(allowed, name)) {
    complain(folder, null, "the dependency rule does not say what this package may import: add it to scripts/rules.mjs")
    continue
  }
  const declared = checkManifest(name, folder)
  const source = join(folder, "src")
  const edges = new Map()
  for (const file of filesBelow(source).filter((path) => /\.[cm]?[jt]sx?$/.test(path))) {
    checked++
    const text = readFileSync(file, "utf8")
    checkName(file, source)
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0)
    if (lines > maxLines) complain(file, null, `${lines} lines; at most ${maxLines}: split it by concept`)
    const imports = importsOf(text)
    for (const each of imports) checkImport(name, file, source, declared, each)
    edges.set(
      file,
      imports
        .filter((each) => each.specifier.startsWith(".") && !each.typeOnly)
        .map((each) => ({ target: resolve(dirname(file), each.specifier), line: each.line }))
    )
  }
  checkCycles(edges)
}

for (const complaint of complaints.sort()) console.error(complaint)
console.log(`${checked} files, ${complaints.length} against the rules`)
process.exitCode = complaints.length > 0 ? 1 : 0
