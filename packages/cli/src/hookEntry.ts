#!/usr/bin/env bun
import { homedir } from "node:os"
import { join } from "node:path"
import type { HookAnswer } from "han-core/HookAnswer"
import { socketPath } from "./HanHome.ts"
import { ask } from "./HookConnection.ts"
import { longestInput, readInput } from "./HookInput.ts"
import { type HookWords, readWords } from "./HookWords.ts"

// An agent waits for its hooks with every call of a tool. So their calls load nothing but this; all other commands are those of `bin`.

const environment = process.env
const longestVariable = 32 * 1024

const workingDirectory = (): string => {
  try {
    return process.cwd()
  } catch {
    return environment["PWD"] || "/"
  }
}

const deadlineMs = (): number => {
  const value = Number(environment["HAN_HOOK_DEADLINE_MS"])
  return Number.isFinite(value) && value > 0 ? value : 1000
}

/** Huge ones are nothing that a hook is meant to see. */
const variables = (): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) if (value !== undefined && value.length <= longestVariable) found[name] = value
  return found
}

const field = (input: string, name: string): string | undefined => {
  try {
    const value: unknown = JSON.parse(input)?.[name]
    return typeof value === "string" ? value : undefined
  } catch {
    return undefined
  }
}

const endings = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const
// The connection ends with this process, and the coordinator ends the hooks with the connection.
const interrupted = (signal: keyof typeof endings) => process.exit(endings[signal])
const signals = ["SIGTERM", "SIGINT", "SIGHUP"] as const

const say = async ({ exitCode, stderr, stdout }: HookAnswer): Promise<void> => {
  process.exitCode = exitCode
  if (stdout === "" && stderr === "") return
  const { OutputClosed, toDescriptor } = await import("./terminal/Output.ts")
  // A terminal shows what follows on a line of its own.
  const line = stderr === "" || stderr.endsWith("\n") ? stderr : `${stderr}\n`
  const written = await Promise.allSettled([toDescriptor(1).write(stdout), toDescriptor(2).write(line)])
  for (const each of written) if (each.status === "rejected" && !(each.reason instanceof OutputClosed)) throw each.reason
}

/** What is said and done when no hooks were run. */
const fail = async (words: HookWords, input: string, home: string, reason: string, absent: boolean): Promise<void> => {
  const cwd = workingDirectory()
  const project = environment["CLAUDE_PROJECT_DIR"] || field(input, "cwd") || cwd
  const event = words.event ?? field(input, "hook_event_name") ?? null
  // Whom nobody waits for can close nothing.
  const closed = !words.async && (words.failClosed || (await import("./FailClosed.ts")).isClosed(home, project, event))
  const { outlook, saying } = await import("./FailOpen.ts")
  const start = absent ? outlook(home, environment["HAN_HOOK_NO_START"] !== "1") : undefined
  const whole = start === undefined ? reason : `${reason}; ${start.text}`
  const session = field(input, "session_id") ?? environment["CLAUDE_CODE_SESSION_ID"]
  const gate = ". This gate must not be passed without its hooks: it stays closed until they can run; wait a moment, then try again"
  await say(closed ? { exitCode: 2, stdout: "", stderr: `han: ${whole}${gate}\n` } : { exitCode: 0, ...saying(home, event, session, whole) })
  if (start?.starts !== true) return
  const program = import.meta.url.includes("/$bunfs/") || import.meta.url.includes("/~BUN/") ? [] : [...process.execArgv, Bun.main]
  const { launch } = await import("./CoordinatorLaunch.ts")
  launch([process.execPath, ...program], home, cwd)
}

/** An agent's client says what the event is, as JSON: what is none of that from there is broken, and not a person's. */
const isBroken = (input: string): boolean => {
  if (input.trim() === "" || (environment["CLAUDE_PROJECT_DIR"] ?? environment["CLAUDECODE"] ?? "") === "") return false
  try {
    const value: unknown = JSON.parse(input)
    return typeof value !== "object" || value === null || Array.isArray(value)
  } catch {
    return true
  }
}

/** False: it is a person who asks, and wants to see it run. */
const answered = async (words: HookWords): Promise<boolean> => {
  const input = await readInput()
  if (input._tag === "Terminal") return false
  const text = input._tag === "Text" ? input.text : ""
  if (words.event === null && input._tag === "Text" && field(text, "hook_event_name") === undefined && !isBroken(text)) return false
  const home = environment["HAN_HOME"] || join(homedir(), ".han")
  if (input._tag === "TooLong") {
    await fail(words, "", home, `what standard input holds for this hook is longer than ${longestInput / 1024 / 1024} MB, so no hooks were run`, false)
    return true
  }
  const { async, cache, directory, event, only } = words
  const call = {
    event,
    input: text,
    cwd: workingDirectory(),
    environment: variables(),
    only,
    cache,
    ...(async ? { async } : {}),
    answerAs: "command" as const,
    startedAt: performance.timeOrigin
  }
  const reply = await ask(socketPath(home), directory === undefined ? call : { ...call, directory }, deadlineMs())
  if (reply._tag === "Answered") await say(reply.answer)
  else await fail(words, text, home, reply.reason, reply.absent)
  return true
}

const words = readWords(process.argv.slice(2))
for (const signal of words === undefined ? [] : signals) process.on(signal, interrupted)
if (words !== undefined && (await answered(words))) process.exit()
for (const signal of signals) process.off(signal, interrupted)
await import("./bin.ts")
