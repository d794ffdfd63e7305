import { statSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as StartingFile from "han-core/unstable/StartingFile"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { type Started, startProgram } from "./CoordinatorProgram.ts"
import { startLogPath } from "./HanHome.ts"
import { counted } from "./Patience.ts"
import { lastFailure } from "./StartLog.ts"

const pollMs = 25
/** The time that a person looks at nothing before being told what is waited for. */
const quietMs = 2000
/** A start that lost to another one ends early, when that one listens. */
const graceMs = 250
/** Work of a process that is more than a timer's. */
const effortMs = 5

export interface StartChoice {
  /** Nothing is started here. One that somebody else starts or ends is waited for, and this long when nobody does, in milliseconds. */
  readonly onlyOthers?: number
}

/**
 * Waits until somebody listens. The first of those who wait starts the coordinator, the others wait for it; each of them as long as it gets on: as it says where
 * it is, works, or waits for a processor. Fails with its last words when it ends, and with where it is when it stands still for `host.startTimeoutMs`.
 */
export const awaitStart = (host: CliEnvironment, listens: Effect.Effect<boolean>, { onlyOthers }: StartChoice = {}): Effect.Effect<void, CommandFailed> =>
  Effect.gen(function* () {
    const begun = host.now()
    const said = logSize(host)
    const watch = watcher(host)
    let mine: Mine | undefined
    let told = ""
    let before = begun
    let alone = 0
    while (!(yield* listens)) {
      const now = host.now()
      const passed = counted(now - before)
      before = now
      const found = StartingFile.read(host.home)
      const isOther = mine === undefined && found !== undefined && StartingFile.isAlive(found)
      if (onlyOthers !== undefined) {
        alone = isOther ? 0 : alone + passed
        if (alone >= onlyOthers) return yield* Effect.fail(new CommandFailed(nobodyStarts))
      } else if (mine === undefined && !isOther) {
        // Somebody else's attempt has ended: it would end for this one as it did for that.
        const failure = lastFailure(host.home, said)
        if (failure !== undefined && (alone += passed) >= graceMs) return yield* Effect.fail(couldNot(failure))
        if (failure === undefined) mine = yield* Effect.try({ try: () => begin(host), catch: asFailure })
      }
      const end = mine?.end
      if (end !== undefined && now - end.at >= Math.min(graceMs, host.startTimeoutMs)) return yield* Effect.fail(couldNot(end.reason))
      const still = watch(passed, mine?.pid)
      if (still.ms >= host.startTimeoutMs) return yield* Effect.fail(standsStill(host, still))
      if (now - begun >= quietMs && still.step !== told && host.terminal.progress)
        yield* Effect.promise(() => host.err.write(`han: the coordinator ${still.step} …\n`).catch(() => undefined))
      if (now - begun >= quietMs) told = still.step
      yield* Effect.sleep(pollMs)
    }
    mine?.release()
  })

const nobodyStarts = "the coordinator has ended, and nobody starts another one; `han coordinator start` does"

/** A start of this command's own. */
interface Mine {
  /** The end of the coordinator, and when that was known. */
  readonly pid: number | undefined
  readonly end: { readonly at: number; readonly reason: string } | undefined
  readonly release: () => void
}

/** Undefined: somebody else was quicker. Throws `CommandFailed` when there is no program, or no place for what it says. */
const begin = (host: CliEnvironment): Mine | undefined => {
  const file = noted(() => StartingFile.claim(host.home, process.pid, "is being started"))
  if (file === false) return undefined
  let started: Started
  try {
    started = startProgram(host)
  } catch (error) {
    noted(() => StartingFile.remove(host.home, [process.pid]))
    throw error
  }
  const { ended, pid, release } = started
  if (pid !== undefined) noted(() => StartingFile.write(host.home, pid, "is being loaded"))
  let end: Mine["end"]
  ended.then(({ reason }) => {
    end = { at: host.now(), reason }
    noted(() => StartingFile.remove(host.home, [process.pid, ...(pid === undefined ? [] : [pid])]))
  })
  return {
    pid,
    get end() {
      return end
    },
    release
  }
}

/** A home that cannot be written has no file; why it cannot be used is the coordinator's to say. */
const noted = <A>(write: () => A): A | undefined => {
  try {
    return write()
  } catch {
    return undefined
  }
}

interface Still {
  /** For how long nothing has happened. */
  readonly ms: number
  readonly step: string
  readonly pid: number | undefined
}

/** Looks whether whoever starts has got on since the last look, `passed` milliseconds ago. */
const watcher = (host: CliEnvironment): ((passed: number, child: number | undefined) => Still) => {
  let ms = 0
  let seen = ""
  let worked = 0
  return (passed, child) => {
    const found = StartingFile.read(host.home)
    const pid = found?.pid ?? child
    const now = `${JSON.stringify(found)}${logSize(host)}`
    const effort = pid === undefined ? 0 : (StartingFile.effortMs(pid) ?? 0)
    if (now !== seen || effort - worked >= effortMs) {
      ms = 0
      seen = now
      worked = effort
    } else ms += passed
    return { ms, step: found?.step ?? "is being started", pid }
  }
}

/** 0 where there is none yet, or none can be. */
const logSize = ({ home }: CliEnvironment): number => {
  try {
    return statSync(startLogPath(home)).size
  } catch {
    return 0
  }
}

const couldNot = (reason: string) =>
  new CommandFailed(
    `the coordinator could not be started: ${reason.replace(/^han(-coordinator)?: /, "").replace(/^the coordinator could not be started: /, "")}`
  )

const standsStill = (host: CliEnvironment, { pid, step }: Still) =>
  new CommandFailed(
    `the coordinator (process ${pid ?? "?"}) ${step}, and has not got on for ${host.startTimeoutMs / 1000} s; \`han coordinator logs\` may say why, HAN_START_TIMEOUT_MS lets it take longer`
  )

const asFailure = (error: unknown): CommandFailed =>
  error instanceof CommandFailed ? error : new CommandFailed(error instanceof Error ? error.message : String(error))
