import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { HookRunner } from "han-core/HookRunner"
import * as Defect from "./Defect.ts"

/** What the address of an event's hooks begins with; the event comes behind it. */
export const hookPath = "/hooks/"

/** Answers an `http` hook of Claude Code: the body is what it would write to a command, and what it is told is the body of the answer. */
export type HookRoute = (event: string, request: Request) => Promise<Response>

/**
 * Commands get what is the same for everybody of the coordinator's own environment, for there is none of the caller. Whoever hangs up ends what was started for it. What went wrong is told with
 * a status that is no success, which the client takes as no answer, and goes on.
 */
export const hookRoute =
  (runtime: Runtime.Runtime<HookRunner>, environment: Readonly<Record<string, string | undefined>>): HookRoute =>
  async (event, request) => {
    const input = await request.text()
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
        answerAs: "http"
      })
    )
    const exit = await Runtime.runPromiseExit(runtime)(answer, { signal: request.signal })
    if (Exit.isSuccess(exit)) return json(200, exit.value.stdout === "" ? "{}" : exit.value.stdout)
    const failure = Cause.failureOption(exit.cause)
    if (Option.isSome(failure)) return says(failure.value._tag === "StoreError" ? 503 : 400, failure.value.message)
    if (!Cause.isInterruptedOnly(exit.cause)) await Runtime.runPromise(runtime)(Effect.logError("an http hook died", Defect.inWords(Cause.squash(exit.cause))))
    return says(500, "han could not run the hooks; `han coordinator logs` says why")
  }

/** What is the same for whoever calls: the rest of the environment is of the session that happened to start the coordinator. */
const ofEverybody = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|XDG_[A-Z_]+|HAN_HOME)$/

const json = (status: number, body: string): Response =>
  new Response(body, { status, headers: { "content-type": "application/json", "cache-control": "no-store" } })

const says = (status: number, message: string): Response => json(status, JSON.stringify({ error: message }))
