import { type Stats, statSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import type { ClientHook } from "han-core/Hook"
import { commandWords } from "../command-line/ShellWords.ts"
import { isProgram, ownProgram } from "../coordinator/HanProgram.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { counted } from "../terminal/Figures.ts"

/** The surroundings in which entries are looked at. */
export interface Place {
  readonly host: Pick<CliEnvironment, "path" | "environment" | "executable">
  /** The project whose entries hold. */
  readonly projectPath: string
  /** The address of the coordinator's HTTP; null when it takes none, undefined when it is not known. */
  readonly port: number | null | undefined
}

/** A fault of the program that an entry names. `what` names the program, `why` completes the sentence. */
interface Fault {
  readonly what: string
  readonly why: string
  readonly isHan: boolean
}

/** One sentence for each program of Claude Code's hook entries that is not there, and for each han that is another one than this. */
export const programWarnings = (entries: ReadonlyArray<ClientHook>, place: Place): ReadonlyArray<string> => {
  const groups = new Map<string, { readonly fault: Fault; readonly file: string; readonly own: boolean; readonly events: Array<string> }>()
  for (const entry of entries) {
    const fault = faultOf(entry, place)
    if (fault === undefined) continue
    const key = JSON.stringify([entry.file, fault])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { fault, file: entry.file, own: entry.scope === "user" && entry.plugin === null, events: [entry.event] })
    else group.events.push(entry.event)
  }
  return [...groups.values()].map(({ events, fault, file, own }) => {
    const mend = fault.isHan && own ? "`han setup` corrects that" : "correct or remove what calls it"
    return `${file}: ${counted(events.length, "hook entry", "hook entries")} (${[...new Set(events)].join(", ")}) of Claude Code ${events.length === 1 ? "calls" : "call"} ${fault.what}, ${fault.why}; ${mend}`
  })
}

/** Tells whether the program of an entry is there, as far as that can be seen. */
export const canBeRun = (entry: ClientHook, place: Place): boolean => faultOf(entry, place) === undefined

const faultOf = (entry: ClientHook, place: Place): Fault | undefined => {
  if (entry.what === null) return undefined
  if (entry.type === "http") return wrongPort(entry.what, place)
  if (entry.type !== "command") return undefined
  const { host, projectPath } = place
  const variables = {
    ...host.environment,
    CLAUDE_PROJECT_DIR: projectPath,
    ...(entry.plugin === null ? {} : { CLAUDE_PLUGIN_ROOT: dirname(dirname(entry.file)) })
  }
  // With arguments of its own there is no shell.
  const words = entry.args === null ? commandWords(entry.what, variables) : [entry.what, ...entry.args]
  const [program, ...rest] = words
  if (program === undefined) return undefined
  if (packageRunners.has(basename(program))) return notInstalled(program, rest, place)
  const isHan = /^han(?:\.(?:exe|cmd|mjs))?$/i.test(basename(program)) && rest[0] === "hook"
  const found = find(program, place)
  if (found === undefined)
    return program.includes("/")
      ? { what: resolve(projectPath, program), why: isThere(resolve(projectPath, program)) ? "which cannot be run" : "which is gone", isHan }
      : { what: program, why: "which is not on the PATH of this shell", isHan }
  if (isHan) return isSame(found, ownProgram(host)) ? undefined : { what: found, why: `which is another han than this one (${ownProgram(host)})`, isHan }
  return goneScript(program, rest, place)
}

/** The file that is run for a word: a path, or a name on the PATH. */
const find = (program: string, { host, projectPath }: Place): string | undefined => {
  const places = program.includes("/") ? [resolve(projectPath, program)] : host.path.map((folder) => join(folder, program))
  return places.find(isProgram)
}

const interpreters = new Set(["node", "bun", "deno", "python", "python3", "ruby", "perl", "bash", "sh", "zsh", "dash"])

/** An interpreter is there; what it is to run may not be. */
const goneScript = (program: string, rest: ReadonlyArray<string>, { projectPath }: Place): Fault | undefined => {
  if (!interpreters.has(basename(program))) return undefined
  const [script] = rest
  if (script === undefined || script.startsWith("-") || !script.includes("/")) return undefined
  const at = resolve(projectPath, script)
  return isThere(at) ? undefined : { what: at, why: `which ${basename(program)} is to run and which is gone`, isHan: false }
}

const packageRunners = new Set(["npx", "bunx", "pnpx"])

/** A package that must be there already, or han's own, of which another one than this would be fetched. */
const notInstalled = (runner: string, rest: ReadonlyArray<string>, place: Place): Fault | undefined => {
  const flags = rest.slice(
    0,
    Math.max(
      0,
      rest.findIndex((word) => !word.startsWith("-"))
    )
  )
  const name = rest[flags.length]?.replace(/(?<=.)@.*$/, "")
  if (name === undefined || flags.some((flag) => /^(?:-p|--package|-c|--call)\b/.test(flag))) return undefined
  const isHan = name === "han" || name === "han-cli"
  const what = `${runner} ${name}`
  if (find(runner, place) === undefined) return { what, why: `and ${runner} is not on the PATH of this shell`, isHan }
  if (!isHan && !flags.some((flag) => flag === "--no" || flag === "--no-install")) return undefined
  const bin = name === "han-cli" ? "han" : name
  const folders = [...upwards(place.projectPath).map((folder) => join(folder, "node_modules", ".bin")), ...place.host.path]
  return folders.some((folder) => isProgram(join(folder, bin)))
    ? undefined
    : { what, why: `which finds no ${bin} in ${place.projectPath} nor on the PATH of this shell`, isHan }
}

const upwards = (folder: string): ReadonlyArray<string> => (folder === dirname(folder) ? [folder] : [folder, ...upwards(dirname(folder))])

/** A request to the coordinator that goes where nobody answers. */
const wrongPort = (url: string, { port }: Place): Fault | undefined => {
  const [, named] = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})\/hooks\/[A-Za-z]+$/.exec(url) ?? []
  if (named === undefined || port === undefined || Number(named) === port) return undefined
  return {
    what: `port ${named}`,
    why: port === null ? "where no coordinator takes requests" : `but the coordinator takes requests at ${port}`,
    isHan: false
  }
}

const isThere = (path: string): boolean => statsOf(path) !== undefined
const statsOf = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    // A part of the path is a file, or may not be looked into: it is no program either way.
    return undefined
  }
}

/** The same file, under whatever name. */
const isSame = (a: string, b: string): boolean => {
  const [one, other] = [statsOf(a), statsOf(b)]
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino
}
