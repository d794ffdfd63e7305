#!/usr/bin/env node
// A registry that lacks the packages of other platforms makes `npm install` write a lock file without them, and `npm ci` refuses it everywhere.
// This adds them, from what their names say, and takes `resolved` URLs out. Run it after every `npm install`; `--check` only looks.
import { readFileSync, writeFileSync } from "node:fs"

const path = new URL("../package-lock.json", import.meta.url)
const before = readFileSync(path, "utf8")
const lock = JSON.parse(before)

const systems = {
  darwin: "darwin",
  linux: "linux",
  win32: "win32",
  windows: "win32",
  android: "android",
  freebsd: "freebsd",
  openbsd: "openbsd",
  netbsd: "netbsd",
  openharmony: "openharmony",
  sunos: "sunos",
  aix: "aix"
}
const processors = {
  arm64: "arm64",
  aarch64: "arm64",
  x64: "x64",
  ia32: "ia32",
  arm: "arm",
  ppc64: "ppc64",
  riscv64: "riscv64",
  loong64: "loong64",
  s390x: "s390x"
}
const cLibraries = { gnu: "glibc", glibc: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" }

const platformOf = (name) => {
  const words = name.split(/[/-]/)
  const find = (table) => words.map((word) => table[word]).find((value) => value !== undefined)
  const os = find(systems)
  const cpu = find(processors)
  const libc = os === "linux" ? find(cLibraries) : undefined
  return os === undefined || cpu === undefined ? undefined : { os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }) }
}

const names = new Set(Object.keys(lock.packages).map((key) => key.slice(key.lastIndexOf("node_modules/") + "node_modules/".length)))
const added = []
for (const [key, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (names.has(name)) continue
    const version = /^\d/.test(range) ? range : entry.version
    const platform = platformOf(name)
    if (platform === undefined) {
      console.error(`package-lock.json: ${key} wants ${name}, which is missing, and its name names no platform`)
      process.exit(1)
    }
    names.add(name)
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: platform.cpu,
      ...(entry.dev ? { dev: true } : {}),
      ...(platform.libc ? { libc: platform.libc } : {}),
      optional: true,
      os: platform.os
    }
    added.push(name)
  }
}
const [root, ...rest] = Object.keys(lock.packages)
lock.packages = Object.fromEntries([root, ...rest.sort((a, b) => a.localeCompare(b, "en"))].map((key) => [key, lock.packages[key]]))
for (const entry of Object.values(lock.packages)) if (/^https?:/.test(entry.resolved ?? "")) delete entry.resolved

const after = `${JSON.stringify(lock, null, 2)}\n`
if (after === before) process.exit(0)
if (process.argv.includes("--check")) {
  console.error(`package-lock.json: run node scripts/lock.mjs (missing: ${added.join(", ") || "nothing; order or URLs differ"})`)
  process.exit(1)
}
writeFileSync(path, after)
console.log(`package-lock.json: added ${added.length} packages of other platforms`)
