import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { HookRunner } from "han-core/HookRunner"
import * as UnaskedGates from "han-core/unstable/UnaskedGates"
import * as Defect from "../home/Defect.ts"

/** The beginning of the address of an event's hooks; the event comes behind it. */
export const hookPath = "/hooks/"

/** Answers an `http` hook of Claude Code: the body is what it would write to a command, and what it is told is the body of the answer. */
export type HookRoute = (event: string, request: Request) => Promise<Response>

/**
 * Commands get what is the same for everybody of the coordinator's own environment, for there is none of the caller. Whoever hangs up ends what was started for it. What went wrong is told
 * to the user in an answer that lets the agent go on: a status that is no success lets it go on, too, and nobody is told.
 */
export const hookRoute = (runtime: Runtime.Runtime<HookRunner>, environment: Readonly<Record<string, string | undefined>>): HookRoute => {
  const isNews = sayings()
  const letGo = (event: string, input: string, reason: string): Response => {
    const session = sessionOf(input)
    const silent = UnaskedGates.isFrequent(event) && session !== null && !isNews(`${session}\0${reason}`)
    return json(200, silent ? "" : UnaskedGates.answer(UnaskedGates.words(event, reason)))
  }
  return async (event, request) => {
    const startedAt = Date.now()
    // To its end, however long: a client that still sends does not read the answer.
    const input = await request.text()
    if (Buffer.byteLength(input) > maxInput)
      return letGo(event, "", `the request for this hook is longer than ${maxInput / 1024 / 1024} MB, so no hooks were run`)
    const answer = Effect.flatMap(HookRunner, (runner) =>
      runner.answer({
        event,
        input,
        cwd: "/",
        environment: Object.fromEntries(
          Object.entries(environment).flatMap(([name, value]) => (value === undefined || !ofEverybody.test(name) ? [] : [[name, value]]))
        ),
        only: null,
        cache: true,
        answerAs: "http",
        startedAt
      })
    )
    const exit = await Runtime.runPromiseExit(runtime)(answer, { signal: request.signal })
    if (Exit.isSuccess(exit)) return json(200, exit.value.stdout)
    const failure = Cause.failureOption(exit.cause)
    if (Option.isSome(failure)) return letGo(event, input, `no hooks were run: ${failure.value.message}`)
    if (!Cause.isInterruptedOnly(exit.cause)) await Runtime.runPromise(runtime)(Effect.logError("an http hook died", Defect.inWords(Cause.squash(exit.cause))))
    return letGo(event, input, "the coordinator could not run the hooks, so nobody knows what they found; `han coordinator logs` says why")
  }
}

/** The most that is taken, in bytes; as of a hook that is called. */
export const maxInput = 32 * 1024 * 1024

const maxSaid = 10_000

/** True when something is said for the first time within the hour. */
const sayings = (): ((what: string) => boolean) => {
  const said = new Map<string, number>()
  return (what) => {
    const now = Date.now()
    const at = said.get(what)
    if (at !== undefined && now - at < UnaskedGates.quietMs) return false
    if (said.size >= maxSaid) said.clear()
    said.set(what, now)
    return true
  }
}

const sessionOf = (input: string): string | null => {
  try {
    const session: unknown = JSON.parse(input)?.session_id
    return typeof session === "string" ? session : null
  } catch {
    return null
  }
}

/** The part of the environment that is the same for whoever calls: the rest of the environment is of the session that happened to start the coordinator. */
const ofEverybody = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|XDG_[A-Z_]+|HAN_HOME)$/

const json = (status: number, body: string): Response =>
  new Response(body, { status, headers: { "content-type": "application/json", "cache-control": "no-store" } })
