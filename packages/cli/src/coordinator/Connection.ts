import { connect as connectSocket } from "node:net"
import * as Effect from "effect/Effect"
import { maxSocketPath, socketPath } from "han-core/unstable/CoordinatorSocket"
import { isRunning } from "han-core/unstable/StartingFile"
import { Coordinator, CoordinatorIncompatible, type CoordinatorUnreachable, type Handshake } from "han-rpc/Coordinator"
import { protocol, version } from "han-rpc/Version"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { awaitStart } from "./CoordinatorStart.ts"
import { within } from "./Patience.ts"

/** Tells whether somebody listens on the socket; `Barred` says why that cannot be known. */
export type Probe = { readonly _tag: "None" } | { readonly _tag: "Listening" } | { readonly _tag: "Barred"; readonly message: string }

/** Looks whether somebody listens on the socket. Reads no data, starts nothing. */
export const probe = (host: CliEnvironment): Effect.Effect<Probe> =>
  Effect.async<Probe>((resume) => {
    const path = socketPath(host.home)
    if (Buffer.byteLength(path) > maxSocketPath) {
      return resume(
        Effect.succeed({
          _tag: "Barred",
          message: `${path} is too long for a socket (${Buffer.byteLength(path)} bytes, at most ${maxSocketPath}); set HAN_HOME to a shorter path`
        })
      )
    }
    const socket = connectSocket({ path })
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed({ _tag: "Listening" }))
    })
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.destroy()
      resume(Effect.succeed(unanswered(path, error)))
    })
    return Effect.sync(() => socket.destroy())
  })

const unanswered = (path: string, error: NodeJS.ErrnoException): Probe => {
  switch (error.code) {
    case "ENOENT":
    case "ECONNREFUSED":
      return { _tag: "None" }
    case "EACCES":
    case "EPERM":
      return {
        _tag: "Barred",
        message: `${path} may not be opened by this user; run as the user whose coordinator it is, or set HAN_HOME to a folder of your own`
      }
    case "ENOTDIR":
      return { _tag: "Barred", message: `${path} cannot be: a part of it is a file, not a folder; set HAN_HOME to a folder` }
    default:
      return { _tag: "Barred", message: `${path} cannot be reached: ${error.message}` }
  }
}

export interface Connected {
  readonly theirs: Handshake
  /** True when this command started the coordinator. */
  readonly started: boolean
}

/** The coordinator that answers, started when there is none and replaced when it is older than this program. At most one is started. */
export const connect = (host: CliEnvironment): Effect.Effect<Connected, CommandFailed | CoordinatorIncompatible | CoordinatorUnreachable, Coordinator> =>
  Effect.gen(function* () {
    const found = yield* probe(host)
    if (found._tag === "Barred") return yield* Effect.fail(new CommandFailed(found.message))
    if (found._tag === "None") return { theirs: yield* accepted(host, yield* start(host)), started: true }
    const theirs = yield* shakeHands(host)
    if (!isOlder(theirs)) return { theirs: yield* accepted(host, theirs), started: false }
    yield* stop(host, theirs)
    return { theirs: yield* accepted(host, yield* start(host)), started: true }
  })

/** Asks the coordinator that listens who it is. */
export const shakeHands = (host: CliEnvironment): Effect.Effect<Handshake, CommandFailed | CoordinatorUnreachable, Coordinator> =>
  Effect.flatMap(Coordinator, (coordinator) =>
    within(
      coordinator.handshake,
      host.startTimeoutMs,
      () =>
        new CommandFailed(
          `something listens on ${socketPath(host.home)} but did not answer within ${host.startTimeoutMs / 1000} s; \`han coordinator logs\` may say why`
        )
    )
  )

const accepted = (host: CliEnvironment, theirs: Handshake) =>
  theirs.protocol === protocol
    ? Effect.succeed(theirs)
    : Effect.fail(new CoordinatorIncompatible({ location: socketPath(host.home), theirs, ours: { version, protocol } }))

const isOlder = (theirs: Handshake): boolean => {
  const order = compareVersions(theirs.version, version)
  return order < 0 || (order === 0 && theirs.protocol < protocol)
}

/** Below zero when `a` is the earlier release; a pre-release is earlier than its release. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [a, b].map((text) => {
    const [numbers = "", ...pre] = (text.split("+")[0] ?? "").split("-")
    return { numbers: numbers.split(".").map((part) => Number(part) || 0), pre: pre.join("-") }
  })
  if (left === undefined || right === undefined) return 0
  for (let index = 0; index < 3; index++) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0)
    if (difference !== 0) return difference
  }
  if (left.pre === right.pre) return 0
  if (left.pre === "" || right.pre === "") return left.pre === "" ? 1 : -1
  return left.pre.localeCompare(right.pre, "en", { numeric: true })
}

/** Starts one coordinator, or waits for one that somebody else starts, until it is healthy. Nobody looks at the clock: it may take as long as it gets on. */
const start = (host: CliEnvironment): Effect.Effect<Handshake, CommandFailed | CoordinatorUnreachable, Coordinator> =>
  Effect.gen(function* () {
    yield* awaitStart(
      host,
      Effect.map(probe(host), ({ _tag }) => _tag === "Listening")
    )
    return yield* shakeHands(host)
  })

/** Asks the coordinator to end, and waits until it has. */
export const stop = (host: CliEnvironment, theirs: Handshake): Effect.Effect<void, CommandFailed | CoordinatorUnreachable, Coordinator> =>
  Effect.gen(function* () {
    const coordinator = yield* Coordinator
    const begun = host.now()
    yield* Effect.catchIf(
      coordinator.stop,
      ({ reason }) => reason === "closed" || reason === "absent",
      () => Effect.void
    )
    while (isRunning(theirs.pid) || (yield* probe(host))._tag === "Listening") {
      if (host.now() - begun >= host.answerTimeoutMs) {
        return yield* Effect.fail(
          new CommandFailed(
            `the coordinator (process ${theirs.pid}, han ${theirs.version}) was asked to stop but still runs after ${host.answerTimeoutMs / 1000} s; \`han coordinator logs\` may say why`
          )
        )
      }
      yield* Effect.sleep(20)
    }
  })
