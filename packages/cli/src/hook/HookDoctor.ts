import { spawn } from "node:child_process"
import { rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { ClientHook, HookProblem } from "han-core/Hook"
import type { HookList, Hooks } from "han-core/Hooks"
import type { Plugins } from "han-core/Plugins"
import { isOwn } from "han-core/unstable/ClientEntries"
import { callingEntries, type DoubleCall, doubleCalls, doubleText, waitingInVain } from "han-core/unstable/HookCallers"
import { hanProgram } from "../coordinator/HanProgram.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { plainLine } from "../terminal/PlainText.ts"
import { placeOf, situations } from "./GateEntries.ts"

/** The state of Claude Code's calls of han. */
export interface HookHealth {
  /** The entries that call han, wherever the person's trusted hooks are; those that Claude Code leaves out are not among them. */
  readonly calls: ReadonlyArray<Pick<ClientHook, "event" | "file" | "matcher" | "plugin" | "scope" | "what">>
  /** The trusted hooks that nobody calls: a sentence for each reason. */
  readonly uncalled: ReadonlyArray<string>
  readonly doubles: ReadonlyArray<DoubleCall>
  /** Files that Claude Code leaves out whole. */
  readonly ignored: ReadonlyArray<HookProblem>
  readonly start: HookStart
}

/** The time that a program takes which Claude Code calls at an event, without a coordinator and without any hooks. */
export interface HookStart {
  readonly command: string
  /** Null: it did not end well. */
  readonly milliseconds: number | null
  readonly fault: string | null
}

/** Looks at the files, and starts the program of the person's own entry once. No hook is run. */
export const hookHealth = (host: CliEnvironment): Effect.Effect<HookHealth, never, Hooks | Plugins> =>
  Effect.gen(function* () {
    const { lists } = yield* situations(host)
    const { settings } = placeOf(host, false)
    const calls = distinct(lists.flatMap(callingEntries), (entry) => JSON.stringify([entry.event, entry.file, entry.matcher, entry.what]))
    // What a repository has Claude Code run is not run here.
    const own = calls.find(isOwn(settings))
    const start = yield* Effect.promise(() => started(own?.what ?? `${hanProgram(host)} hook run Stop`, host))
    return {
      calls: calls.map(({ event, file, matcher, plugin, scope, what }) => ({ event, file, matcher, plugin, scope, what })),
      uncalled: [...new Set(lists.flatMap((list: HookList) => waitingInVain(list)))],
      doubles: distinct(
        lists.flatMap(({ client, clientHooks }) => doubleCalls(clientHooks, client.ignored)),
        doubleText
      ),
      ignored: distinct(
        lists.flatMap(({ client }) => client.ignored),
        ({ message }) => message
      ),
      start
    }
  })

/** Lines for people, without the warnings. */
export const hookHealthLines = ({ calls, doubles, ignored, start, uncalled }: HookHealth): ReadonlyArray<string> => {
  const byFile = new Map<string, Set<string>>()
  for (const { event, file } of calls) byFile.set(file, (byFile.get(file) ?? new Set()).add(event))
  // A program that is gone is named by a warning.
  const started =
    start.milliseconds === null
      ? `the first entry calls nobody: ${plainLine(start.fault ?? "")}`
      : `${Math.round(start.milliseconds)} ms (${plainLine(start.command)})`
  return [
    ...(byFile.size === 0 ? ["called      at no event: `han setup` has Claude Code call han"] : []),
    ...[...byFile].map(([file, events]) => `called      at ${[...events].join(", ")} (${plainLine(file)})`),
    ...uncalled.map((sentence) => `not called  ${plainLine(sentence)}`),
    ...doubles.map((double) => `twice       ${plainLine(doubleText(double))}`),
    ...ignored.map(({ message }) => `left out    ${plainLine(message)}`),
    `start       ${started}`
  ]
}

const distinct = <A>(all: ReadonlyArray<A>, keyOf: (one: A) => string): ReadonlyArray<A> => [...new Map(all.map((one) => [keyOf(one), one])).values()]

const maxStartMs = 5000

/** Starts a command as Claude Code does, but with a home in which there is no coordinator and none may be started: it looks for one, finds nobody, and ends. */
const started = (command: string, host: CliEnvironment): Promise<HookStart> =>
  new Promise((resolve) => {
    const home = join(tmpdir(), `han-doctor-${process.pid}`)
    const environment = { ...host.environment, HAN_HOME: home, HAN_HOOK_NO_START: "1" }
    const begun = performance.now()
    const done = (milliseconds: number | null, fault: string | null) => {
      rmSync(home, { recursive: true, force: true })
      resolve({ command, milliseconds, fault })
    }
    const child = spawn("/bin/sh", ["-c", command], { env: environment, stdio: ["pipe", "ignore", "ignore"], detached: true })
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
      done(null, `it did not end within ${maxStartMs / 1000} s`)
    }, maxStartMs)
    child.stdin.on("error", () => undefined)
    child.stdin.end(`${JSON.stringify({ hook_event_name: /hook\s+run\s+(\w+)/.exec(command)?.[1] ?? "Stop", cwd: "/" })}\n`)
    child.once("error", (cause) => {
      clearTimeout(timer)
      done(null, `it cannot be started: ${cause.message}`)
    })
    child.once("close", (code) => {
      clearTimeout(timer)
      done(code === 0 ? performance.now() - begun : null, code === 0 ? null : `it ends with exit code ${code}`)
    })
  })
