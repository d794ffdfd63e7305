import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { maxPageSize, type Page, type PageRequest } from "han-core/Page"
import { socketPath } from "han-core/unstable/CoordinatorSocket"
import { Viewer } from "han-core/Viewer"
import { Coordinator, type CoordinatorStatus } from "han-rpc/Coordinator"
import * as HanClient from "han-rpc/HanClient"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { type Output, OutputClosed } from "../environment/Output.ts"
import { duration, isoInstant } from "../terminal/Figures.ts"
import { plainLine } from "../terminal/PlainText.ts"
import { connect } from "./Connection.ts"
import { within } from "./Patience.ts"
import { report } from "./Report.ts"

export type Services = HanClient.Services | Viewer

/** Runs a command against the coordinator, which is started when it is not there. Gives the exit code: the number that the command ends with, else 0; an error is a line on standard error. */
export const ask = <E extends { readonly message: string }>(
  host: CliEnvironment,
  program: Effect.Effect<unknown, E, Services>,
  options: { readonly interruptedCode?: number } = {}
): Promise<number> =>
  run(
    host,
    Effect.zipRight(
      connect(host),
      noted(
        host,
        program,
        Effect.map(statusOf(host), (status) => writeNote(status, host))
      )
    ),
    options
  )

/** `ask` for a question about what is indexed: says on standard error when not everything is. */
export const askIndexed = <E extends { readonly message: string }>(host: CliEnvironment, program: Effect.Effect<unknown, E, Services>): Promise<number> =>
  run(
    host,
    Effect.gen(function* () {
      const { started } = yield* connect(host)
      yield* settled(started)
      return yield* noted(
        host,
        program,
        Effect.map(statusOf(host), (status) => unfinishedPass(status) + writeNote(status, host))
      )
    })
  )

/** Runs a program, and says on standard error what there is to know about its answer, before what went wrong with it. */
const noted = <A, E, R, E2, R2>(host: CliEnvironment, program: Effect.Effect<A, E, R>, note: Effect.Effect<string, E2, R2>) =>
  Effect.gen(function* () {
    const asked = yield* Effect.fork(note)
    const result = yield* Effect.either(program)
    const said = yield* Effect.either(Fiber.join(asked))
    if (said._tag === "Right" && said.right !== "") yield* print(host.err, said.right)
    const value = yield* result
    yield* said
    return value
  })

export const statusOf = (host: CliEnvironment) =>
  answered(
    host,
    "status",
    Effect.flatMap(Coordinator, (coordinator) => coordinator.status)
  )

/** The reason why an answer may be older than what there is; empty when it is not. */
export const writeNote = ({ cannotWrite }: Pick<CoordinatorStatus, "cannotWrite">, host: CliEnvironment): string =>
  cannotWrite === null
    ? ""
    : `han: warning: for ${duration(host.now() - cannotWrite.since)} not everything has been written down, and answers may be old: ${plainLine(cannotWrite.message)}\n`

/** The same in the JSON of an answer, which has nothing of it when all is well. */
export const writeShape = (host: CliEnvironment) =>
  Effect.map(statusOf(host), ({ cannotWrite }) =>
    cannotWrite === null ? {} : { cannotWrite: { since: isoInstant(cannotWrite.since), message: cannotWrite.message } }
  )

/**
 * A coordinator that was just started is given a moment for what is new, and each for the repositories of new directories: without them worktrees would be
 * projects of their own. Mostly that is enough.
 */
const settled = (started: boolean) =>
  Effect.flatMap(Coordinator, (coordinator) =>
    coordinator.status.pipe(
      Effect.repeat({
        until: ({ cannotWrite, indexer, lookingUp, remaking }) =>
          cannotWrite !== null || remaking !== null || ((!started || indexer.lastPassAt !== null) && !lookingUp),
        schedule: Schedule.spaced("40 millis")
      }),
      Effect.timeoutOption("1500 millis")
    )
  )

const unfinishedPass = ({ indexer, remaking }: CoordinatorStatus): string => {
  // Then there is no answer at all, and its reason says more.
  if (indexer.lastPassAt !== null || remaking !== null) return ""
  const done = indexer.running === null ? "" : ` (${indexer.running.filesDone} of ${indexer.running.files} files)`
  return `han: the first pass over the transcripts is under way${done}; what it has not reached is missing here, \`han index\` waits for it\n`
}

/** The same without starting or replacing anything. */
export const run = async <E extends { readonly message: string }>(
  host: CliEnvironment,
  program: Effect.Effect<unknown, E, Services>,
  options: { readonly interruptedCode?: number } = {}
): Promise<number> => {
  const layer = Layer.merge(HanClient.layerSocket({ path: socketPath(host.home) }), Viewer.layerLocal)
  const controller = new AbortController()
  let signalled: number | undefined
  const stop = (code: number) => () => {
    signalled = code
    controller.abort()
  }
  const listeners = [
    ["SIGINT", stop(130)],
    ["SIGTERM", stop(143)],
    ["SIGHUP", stop(129)]
  ] as const
  for (const [signal, listener] of listeners) process.on(signal, listener)
  try {
    const exit = await Effect.runPromiseExit(Effect.provide(program, layer), { signal: controller.signal })
    if (signalled !== undefined) return signalled === 130 ? (options.interruptedCode ?? signalled) : signalled
    if (Exit.isSuccess(exit)) return typeof exit.value === "number" ? exit.value : 0
    return await report(
      host,
      Option.getOrElse(Cause.failureOption(exit.cause), () => Cause.squash(exit.cause))
    )
  } finally {
    for (const [signal, listener] of listeners) process.off(signal, listener)
  }
}

/** One answer of the coordinator, within the time that a command waits for one. */
export const answered = <A, E, R>(host: CliEnvironment, what: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | CommandFailed, R> =>
  within(
    effect,
    host.answerTimeoutMs,
    () =>
      new CommandFailed(
        `the coordinator did not answer (${what}) within ${host.answerTimeoutMs / 1000} s; \`han coordinator status\` and \`han coordinator logs\` show what it does, HAN_ANSWER_TIMEOUT_MS lets it take longer`
      )
  )

export const print = (output: Output, chunk: string | Uint8Array): Effect.Effect<void, OutputClosed | CommandFailed> =>
  Effect.tryPromise({
    try: () => output.write(chunk),
    catch: (error) =>
      error instanceof OutputClosed ? error : new CommandFailed(`the output cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  })

/** A whole list, a page at a time; never more than one page of it is in memory. */
export const pages = <A, E, R>(size: number, fetch: (page: PageRequest) => Effect.Effect<Page<A>, E, R>): Stream.Stream<ReadonlyArray<A>, E, R> =>
  Stream.paginateEffect(Option.none<string>(), (after) =>
    Effect.map(fetch({ first: size, ...(Option.isSome(after) ? { after: after.value } : {}) }), (page) => {
      const last = page.items.at(-1)
      return [page.items.map(({ node }) => node), page.hasNext && last !== undefined ? Option.some(Option.some(last.cursor)) : Option.none()]
    })
  )

/** The first `limit` rows of a list. */
export const firstRows = <A, E, R>(limit: number, fetch: (page: PageRequest) => Effect.Effect<Page<A>, E, R>): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.gen(function* () {
    const rows: Array<A> = []
    let after: string | undefined
    while (rows.length < limit) {
      const page = yield* fetch({ first: Math.min(limit - rows.length, maxPageSize), ...(after === undefined ? {} : { after }) })
      rows.push(...page.items.map(({ node }) => node))
      after = page.items.at(-1)?.cursor
      if (!page.hasNext || after === undefined) break
    }
    return rows
  })
