import type { HookAnswer } from "han-core/HookAnswer"
import type { HookCall } from "han-core/HookCall"
import { maxSocketPath } from "han-core/unstable/CoordinatorSocket"

/**
 * The result of a call. `reason` completes a sentence. `why`: nobody listens (`absent`); who listens says nothing (`silent`); it hung up before its answer, as one does that is
 * killed (`lost`; `dropped` before any sign of life), or said that it ends (`ended`); whatever else no second call would change (`final`).
 */
export type HookReply = { readonly _tag: "Answered"; readonly answer: HookAnswer } | Unanswered
export interface Unanswered {
  readonly _tag: "Unanswered"
  readonly reason: string
  readonly why: "absent" | "silent" | "dropped" | "lost" | "ended" | "final"
}

const requestId = "1"
const ping = '{"_tag":"Ping"}\n'
const newline = 10

// In halves of the deadline.
const ticksUntilDeadline = 2
const ticksBetweenPings = 4
const ticksOfSilence = 20

/**
 * Asks the coordinator at `path` once, and never rejects. It speaks the frames of the RPC itself: loading a client for them takes longer than the answer.
 * Without a sign of life within `deadlineMs`, or later within ten times that, it gives up, unless `patience` has more milliseconds for it, each time; whoever runs hooks
 * for long is asked for a sign in between.
 */
export const ask = (path: string, call: HookCall, deadlineMs: number, patience: () => Promise<number>): Promise<HookReply> =>
  new Promise((resolve) => {
    if (Buffer.byteLength(path) > maxSocketPath) return resolve(unanswered(tooLong(path)))
    let unsent = Buffer.from(`${JSON.stringify({ _tag: "Request", id: requestId, tag: "HookRunner.answer", payload: { call }, headers: [] })}\n`)
    const replyIn = replyReader(path)
    let connection: Bun.Socket | undefined
    let settled = false
    let heard = false
    let quietTicks = 0
    // Until it is known how much more there is.
    let bears = ticksUntilDeadline
    let signs = 0
    const bear = async () => {
      const before = signs
      bears = Number.POSITIVE_INFINITY
      const ms = await patience().catch(() => 0)
      if (signs !== before) return
      bears = quietTicks + Math.ceil(ms / (deadlineMs / 2))
      if (ms <= 0 && !settled) settle(unanswered(heard ? fellSilent : silent((quietTicks * deadlineMs) / 2), "silent"))
    }

    const settle = (reply: HookReply) => {
      settled = true
      clearInterval(ticker)
      resolve(reply)
    }
    const lives = () => {
      heard = true
      signs++
      quietTicks = 0
      bears = ticksOfSilence
    }
    const hungUp = () => settle(unanswered(ended, heard ? "lost" : "dropped"))
    const send = (socket: Bun.Socket) => {
      const sent = socket.write(unsent)
      if (sent > 0) unsent = unsent.subarray(sent)
    }
    const ticker = setInterval(() => {
      quietTicks++
      if (quietTicks >= bears) return void bear()
      if (connection === undefined || (heard && quietTicks % ticksBetweenPings !== 0)) return
      unsent = Buffer.concat([unsent, Buffer.from(ping)])
      send(connection)
    }, deadlineMs / 2)

    Bun.connect({
      unix: path,
      socket: {
        open: (socket) => {
          if (settled) return socket.terminate()
          connection = socket
          send(socket)
        },
        drain: (socket) => {
          lives()
          send(socket)
        },
        data: (_, bytes) => {
          lives()
          const reply = replyIn(bytes)
          if (reply !== undefined) settle(reply)
        },
        close: hungUp,
        error: hungUp
      }
    }).catch((error: unknown) => settle(notConnected(path, error)))
  })

/** Puts lines together, however they are cut, and gives the reply of the first that has one. */
const replyReader = (path: string): ((bytes: Buffer) => HookReply | undefined) => {
  let unfinished: Array<Uint8Array> = []
  return (bytes) => {
    let start = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      const line = Buffer.concat([...unfinished, bytes.subarray(start, end)]).toString()
      unfinished = []
      start = end + 1
      const reply = read(line, path)
      if (reply !== undefined) return reply
    }
    if (start < bytes.length) unfinished.push(bytes.subarray(start))
  }
}

/** Undefined: the answer is still to come. */
const read = (line: string, path: string): HookReply | undefined => {
  const message = parsed(line)
  if (!isRecord(message)) return unanswered(foreign(path))
  switch (message["_tag"]) {
    case "Exit":
      return isRecord(message["exit"]) ? exited(message["exit"]) : unanswered(foreign(path))
    case "Defect":
      return broken(message["defect"])
    case "ClientProtocolError":
      return broken(message["error"])
    default:
      return undefined
  }
}

const exited = (exit: Fields): HookReply => {
  if (exit["_tag"] === "Failure") return failed(exit["cause"])
  const value = exit["value"]
  if (!isRecord(value)) return unanswered(unreadable)
  const { exitCode, stderr, stdout } = value
  if (typeof exitCode !== "number" || !Number.isInteger(exitCode) || typeof stdout !== "string" || typeof stderr !== "string") return unanswered(unreadable)
  return { _tag: "Answered", answer: { exitCode, stdout, stderr } }
}

const failed = (cause: unknown): HookReply => {
  const all = leaves(cause)
  const failure = all.find(({ _tag }) => _tag === "Fail")
  if (failure !== undefined) return unanswered(messageOf(failure["error"]))
  const defect = all.find(({ _tag }) => _tag === "Die")
  return defect === undefined ? unanswered(ended, "ended") : broken(defect["defect"])
}

const leaves = (cause: unknown): ReadonlyArray<Fields> =>
  !isRecord(cause) ? [] : cause["_tag"] === "Sequential" || cause["_tag"] === "Parallel" ? [...leaves(cause["left"]), ...leaves(cause["right"])] : [cause]

const broken = (defect: unknown): HookReply => {
  const message = messageOf(defect)
  return unanswered(
    message.startsWith("Unknown request tag")
      ? "the running coordinator is older than this han and runs no hooks, so no hooks were run; `han coordinator stop` ends it, the next call starts a new one"
      : `the coordinator broke down over this call, so nobody knows what its hooks found: ${message}; \`han coordinator logs\` may say more`
  )
}

const messageOf = (error: unknown): string => {
  const message = isRecord(error) ? error["message"] : error
  return (typeof message === "string" ? message : `${JSON.stringify(error)}`).replace(/\s*\n\s*/g, " ")
}

const notConnected = (path: string, error: unknown): HookReply => {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  if (code === "ENOENT" || code === "ECONNREFUSED") return unanswered("the coordinator is not running, so no hooks were run", "absent")
  return unanswered(
    code === "EACCES" || code === "EPERM"
      ? `${path} may not be opened by this user, so no hooks were run; run as the user whose coordinator it is`
      : `${path} cannot be reached (${String(code ?? error)}), so no hooks were run; is HAN_HOME the right folder?`
  )
}

const unanswered = (reason: string, why: Unanswered["why"] = "final"): HookReply => ({ _tag: "Unanswered", reason, why })

const silent = (deadlineMs: number) =>
  `the coordinator does not answer (no sign of life for ${deadlineMs / 1000} s), so no hooks were run; \`han coordinator logs\` may say why, \`han coordinator stop\` ends it`
const fellSilent = "the coordinator fell silent while hooks were running, so nobody knows what they found; `han coordinator logs` may say why"
const ended = "the coordinator stopped while hooks were running, so nobody knows what they found; `han coordinator logs` may say why"
const unreadable =
  "the coordinator's answer makes no sense to this han, which is of another release; `han coordinator stop` ends it, the next call starts a new one"
const foreign = (path: string) => `what listens at ${path} is no han coordinator, so no hooks were run; is HAN_HOME the right folder?`
const tooLong = (path: string) => `${path} is too long for a socket (at most ${maxSocketPath} bytes), so no hooks were run; set HAN_HOME to a shorter path`

type Fields = { readonly [name: string]: unknown }

const isRecord = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value)

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
