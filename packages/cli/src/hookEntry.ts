#!/usr/bin/env bun
import { homedir } from "node:os"
import { join } from "node:path"
import type { HookAnswer } from "han-core/HookAnswer"
import type { HookCall } from "han-core/HookCall"
import { socketPath } from "han-core/unstable/CoordinatorSocket"
import { type HookArgs, parseHookArgs } from "./hook/HookArgs.ts"
import { ask, type HookReply } from "./hook/HookConnection.ts"
import { maxInput, readInput } from "./hook/HookInput.ts"

// An agent waits for its hooks with every call of a tool. So their calls load nothing but this; all other commands are those of `bin`.

const environment = process.env
const isCompiled = import.meta.url.includes("/$bunfs/") || import.meta.url.includes("/~BUN/")
const maxVariable = 32 * 1024

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
  for (const [name, value] of Object.entries(environment)) if (value !== undefined && value.length <= maxVariable) found[name] = value
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
const signals = ["SIGTERM", "SIGINT", "SIGHUP"] as const
/** The time for a call that is on its way to get there. */
const graceMs = 250

/** The text that the client wrote, when it has been read. */
let given = ""

// The connection ends with this process, and the coordinator ends the hooks with the connection: all but those that the client does not wait for.
const interrupted = async (signal: keyof typeof endings) => {
  const end = () => process.exit(endings[signal])
  if (words === undefined) return end()
  const { clientTimeout } = await import("./hook/ClientTimeout.ts")
  if (clientTimeout(words, eventOf(words, given), projectOf(given), environment).isAwaited) end()
  else setTimeout(end, graceMs)
}
const watchMs = 500

/** Ends this process when the client is gone that it is for: killed, it leaves it behind. */
const endWithClient = (): void => {
  const client = Number(environment["CLAUDE_PID"])
  const parent = process.ppid
  const isThere = (): boolean => {
    try {
      return process.kill(client, 0)
    } catch (error) {
      return error instanceof Error && "code" in error && error.code === "EPERM"
    }
  }
  // Where it cannot be seen, as from a container, its child is the next best.
  const byNumber = Number.isInteger(client) && client > 1 && isThere()
  setInterval(() => {
    if (byNumber ? !isThere() : process.ppid !== parent) void interrupted("SIGTERM")
  }, watchMs).unref()
}

const say = async ({ exitCode, stderr, stdout }: HookAnswer): Promise<void> => {
  process.exitCode = exitCode
  if (stdout === "" && stderr === "") return
  const { OutputClosed, toDescriptor } = await import("./environment/Output.ts")
  // A terminal shows what follows on a line of its own.
  const line = stderr === "" || stderr.endsWith("\n") ? stderr : `${stderr}\n`
  const written = await Promise.allSettled([toDescriptor(1).write(stdout), toDescriptor(2).write(line)])
  for (const each of written) if (each.status === "rejected" && !(each.reason instanceof OutputClosed)) throw each.reason
}

/** The one that Claude Code was started in. */
const projectOf = (input: string): string => environment["CLAUDE_PROJECT_DIR"] || field(input, "cwd") || workingDirectory()
const eventOf = (words: HookArgs, input: string): string | null => words.event ?? field(input, "hook_event_name") ?? null

/** Says that no hooks were run, and lets go or shuts. */
const fail = async (words: HookArgs, input: string, home: string, reason: string): Promise<void> => {
  const event = eventOf(words, input)
  // Whom nobody waits for can close nothing.
  const closed = !words.async && (words.failClosed || (await import("./hook/FailClosedIndex.ts")).isClosed(home, projectOf(input), event, input, words.only))
  const session = field(input, "session_id") ?? environment["CLAUDE_CODE_SESSION_ID"]
  const gate = ". han blocks this event until its hooks can run; wait a moment, then try again"
  if (closed) return say({ exitCode: 2, stdout: "", stderr: `han: ${reason}${gate}\n` })
  const { saying } = await import("./hook/FailOpen.ts")
  await say({ exitCode: 0, ...saying(home, event, session, reason) })
}

/** When the client must have been told; looked up only when that is soon in doubt. */
const untilOf = async (words: HookArgs, input: string): Promise<number> => {
  const [{ clientTimeout }, { usableOf }] = await Promise.all([import("./hook/ClientTimeout.ts"), import("han-core/unstable/ClientWaits")])
  return performance.timeOrigin + usableOf(clientTimeout(words, eventOf(words, input), projectOf(input), environment).waitMs)
}

/** Asks the coordinator, and once more the next one when that one was not there or is gone. */
const replyTo = async (words: HookArgs, call: HookCall, home: string): Promise<HookReply> => {
  const deadline = deadlineMs()
  let more: (() => Promise<number>) | undefined
  const patience = async () => {
    more ??= (await import("./hook/HookPatience.ts")).hookPatience(home, deadline, await untilOf(words, call.input))
    return more()
  }
  const first = await ask(socketPath(home), call, deadline, patience)
  if (first._tag === "Answered" || first.why === "final") return first
  const { askAgain } = await import("./hook/HookAgain.ts")
  const until = await untilOf(words, call.input)
  return askAgain({ home, call, first, deadlineMs: deadline, until, mayStart: environment["HAN_HOOK_NO_START"] !== "1" })
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

/** Tells whether the client left out what it always says of an event; by hand nothing need be said. */
const isEmpty = (words: HookArgs, input: string): boolean =>
  words.event !== null && input.trim() === "" && (environment["CLAUDE_PROJECT_DIR"] ?? environment["CLAUDECODE"] ?? "") !== ""
const emptyInput =
  "standard input is empty, where Claude Code writes what happened, so no hooks were run; is something before han in the command of this hook that reads it? By hand: `han hook test`"

/** False: it is a person who asks, and wants to see it run. */
const answered = async (words: HookArgs): Promise<boolean> => {
  const input = await readInput()
  if (input._tag === "Terminal") return false
  const text = input._tag === "Text" ? input.text : ""
  if (words.event === null && input._tag === "Text" && field(text, "hook_event_name") === undefined && !isBroken(text)) return false
  const home = environment["HAN_HOME"] || join(homedir(), ".han")
  if (input._tag === "TooLong") {
    await fail(words, "", home, `what standard input holds for this hook is longer than ${maxInput / 1024 / 1024} MB, so no hooks were run`)
    return true
  }
  if (input._tag === "Text" && isEmpty(words, text)) {
    await fail(words, "", home, emptyInput)
    return true
  }
  const { async, cache, directory, event, only } = words
  const call = {
    program: isCompiled ? process.execPath : join(import.meta.dir, "../bin/han.mjs"),
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
  given = text
  endWithClient()
  const reply = await replyTo(words, directory === undefined ? call : { ...call, directory }, home)
  if (reply._tag === "Answered") await say(reply.answer)
  else await fail(words, text, home, reply.reason)
  return true
}

const words = parseHookArgs(process.argv.slice(2))
for (const signal of words === undefined ? [] : signals) process.on(signal, interrupted)
if (words !== undefined && (await answered(words))) process.exit()
for (const signal of signals) process.off(signal, interrupted)
await import("./bin.ts")
