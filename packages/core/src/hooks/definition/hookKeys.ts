import * as Duration from "effect/Duration"
import type { YamlFile, YamlPath } from "../../files/yamlFile.ts"
import { isPluginName } from "../../plugins/pluginKey.ts"
import { isObject, type JsonObject } from "../../text/json.ts"
import { type HookDependency, HookLimit, type HookProblem, type HookTrigger } from "../Hook.ts"
import { triggerIn } from "../HookMatcher.ts"
import { loadsCode } from "./hookEnvironment.ts"
import { brokenGlobs } from "./hookGlobs.ts"
import { faultsOf, type TriggerFault, toolFaults } from "./TriggerFault.ts"

/** Reads the keys of one object of a file; what is wrong becomes a problem. `undefined`: not there, or empty, or wrong. */
export class HookKeys {
  readonly #file: YamlFile
  readonly #at: YamlPath
  readonly #value: JsonObject
  readonly #problems: Array<HookProblem>
  #sound = true

  constructor(file: YamlFile, at: YamlPath, value: JsonObject, problems: Array<HookProblem>) {
    this.#file = file
    this.#at = at
    this.#value = value
    this.#problems = problems
  }

  /** No key was wrong. */
  get isSound(): boolean {
    return this.#sound
  }

  /** Warns of keys that nobody reads. */
  only(known: ReadonlyArray<string>): void {
    for (const key of Object.keys(this.#value)) {
      if (!known.includes(key)) this.warn([key], `is no key that han knows, and was left out; those are ${known.join(", ")}`)
    }
  }

  text(key: string): string | undefined {
    return this.#read(key, "must be a text", (value) => (typeof value === "string" && !value.includes("\0") ? value : undefined))
  }

  flag(key: string): boolean | undefined {
    return this.#read(key, "must be true or false", (value) => (typeof value === "boolean" ? value : undefined))
  }

  choice<const A extends string>(key: string, choices: ReadonlyArray<A>): A | undefined {
    return this.#read(key, `must be one of ${choices.join(", ")}`, (value) => choices.find((choice) => choice === value))
  }

  texts(key: string): ReadonlyArray<string> | undefined {
    return this.#read(key, "must be a list of texts, none of them empty", textsIn)
  }

  /** Globs from a directory for what lies in it. */
  globs(key: string): ReadonlyArray<string> | undefined {
    return this.#read(key, "must be a list of globs for files below the directory", (value) => {
      const found = textsIn(value)
      return found !== undefined && brokenGlobs(found).length === 0 ? found : undefined
    })
  }

  /** Names of environment variables; never one that makes another program run. */
  variables(key: string): ReadonlyArray<string> | undefined {
    return this.#read(key, "must be a list of names of environment variables, and none that changes which code a program loads", (value) => {
      const found = textsIn(value)
      return found?.every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !loadsCode(name)) ? found : undefined
    })
  }

  /** Names of programs, without a path. */
  programs(key: string): ReadonlyArray<string> | undefined {
    return this.#read(key, "must be a list of names of programs, as `node`", (value) => {
      const found = textsIn(value)
      return found?.every((name) => /^[A-Za-z0-9_.+][A-Za-z0-9_.+-]*$/.test(name)) ? found : undefined
    })
  }

  /** Markers of directories stay within the project. */
  markers(key: string): ReadonlyArray<string> | undefined {
    return this.#read(key, "must be a list of names, globs or paths within the project", (value) => {
      const found = textsIn(value)
      return found?.some((marker) => /^([/\\]|[A-Za-z]:)/.test(marker) || marker.split(/[/\\]/).includes("..")) ? undefined : found
    })
  }

  /** Seconds; a number that would be more than an hour is taken as milliseconds, as it was published once. */
  seconds(key: string): HookLimit | undefined {
    return this.#read(key, "must be a number of seconds above 0", (value) => {
      if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) return undefined
      if (value <= maxSeconds) return HookLimit.make(Duration.seconds(value))
      this.warn([key], `is ${value}; that many seconds are more than an hour, so it was taken as milliseconds: write ${value / 1000}`)
      return HookLimit.make(Duration.millis(Math.min(value, maxSeconds * 1000)))
    })
  }

  /** Names of tools, and patterns for them. */
  toolNames(key: string): ReadonlyArray<string> | undefined {
    const found = this.texts(key)
    this.#say([key], toolFaults(found ?? []))
    return found
  }

  /** An event, or several: `PostToolUse:Edit|Write`. `stopAlone`: `Stop` is not for subagents. */
  triggers(key: string, stopAlone: boolean): ReadonlyArray<HookTrigger> | undefined {
    const named = this.#read(key, "must be the name of an event, or a list of such", (value) => {
      const found = typeof value === "string" ? textsIn([value]) : textsIn(value)
      return found !== undefined && found.length > 0 && found.every((text) => triggerPattern.test(text.trim())) ? found : undefined
    })
    if (named === undefined) return undefined
    const found = named.map(triggerIn)
    for (const [index, trigger] of found.entries()) this.#say(typeof this.#value[key] === "string" ? [key] : [key, index], faultsOf(trigger))
    if (stopAlone && found.some(({ event }) => event === "SubagentStop")) this.fail(["subagents"], "is false, and the hook names SubagentStop: take one out")
    return stopAlone ? found : withSubagents(found)
  }

  dependencies(key: string): ReadonlyArray<HookDependency> | undefined {
    return this.#read(key, "must be a list of {plugin, hook, optional}", (value) => {
      if (!Array.isArray(value)) return undefined
      const found: Array<HookDependency> = []
      for (const [index, item] of value.entries()) {
        if (!isObject(item)) return undefined
        const { hook, optional, plugin, ...more } = item
        if (typeof plugin !== "string" || typeof hook !== "string" || !isPluginName(plugin) || !isPluginName(hook)) return undefined
        if (optional !== undefined && typeof optional !== "boolean") return undefined
        for (const name of Object.keys(more)) this.warn([key, index, name], "is no key that han knows, and was left out; those are plugin, hook, optional")
        found.push({ plugin, hook, optional: optional ?? false })
      }
      return found
    })
  }

  warn(key: YamlPath, what: string): void {
    this.#problems.push(problemAt(this.#file, [...this.#at, ...key], "warning", what))
  }

  fail(key: YamlPath, what: string): void {
    this.#sound = false
    this.#problems.push(problemAt(this.#file, [...this.#at, ...key], "error", what))
  }

  #say(key: YamlPath, faults: ReadonlyArray<TriggerFault>): void {
    for (const { severity, what } of faults) {
      if (severity === "error") this.fail(key, what)
      else this.warn(key, what)
    }
  }

  #read<A>(key: string, must: string, read: (value: unknown) => A | undefined): A | undefined {
    const value = Object.hasOwn(this.#value, key) ? this.#value[key] : undefined
    if (value === undefined || value === null) return undefined
    const found = read(value)
    if (found === undefined) this.fail([key], `is ${shown(value)}; it ${must}`)
    return found
  }
}

const maxSeconds = 3600
const triggerPattern = /^[A-Za-z]+(:[^\p{Cc}]*)?$/u

/** Adds SubagentStop to Stop: the work of a subagent is checked as the agent's own. */
const withSubagents = (triggers: ReadonlyArray<HookTrigger>): ReadonlyArray<HookTrigger> => {
  const stop = triggers.some(({ event }) => event === "Stop") && !triggers.some(({ event }) => event === "SubagentStop")
  return stop ? [...triggers, { event: "SubagentStop", values: null }] : triggers
}

/** The triggers of a hook that names no event. */
export const standardTriggers = (stopAlone: boolean): ReadonlyArray<HookTrigger> => {
  const stop = [{ event: "Stop", values: null }]
  return stopAlone ? stop : withSubagents(stop)
}

const textsIn = (value: unknown): ReadonlyArray<string> | undefined => {
  if (!Array.isArray(value)) return undefined
  const found = value.filter((item) => typeof item === "string" && item !== "" && !item.includes("\0"))
  return found.length === value.length ? found : undefined
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** A problem with one key. `what` goes on after its name. */
export const problemAt = (file: YamlFile, at: YamlPath, severity: HookProblem["severity"], what: string): HookProblem => {
  const line = file.lineOf(at)
  const key = at.join(".")
  return { severity, path: file.path, line, key, message: `${file.path}${line === null ? "" : `, line ${line}`}: ${key} ${what}` }
}
