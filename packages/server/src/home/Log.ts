import * as Fs from "node:fs"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"

export interface Options {
  readonly path: string
  readonly maxBytes?: number
  readonly keep?: number
  /** Told why a line could not be written, and null when one could again. */
  readonly failing?: (failure: string | null) => void
}

/**
 * The log file: one JSON object a line (`at`, `level`, `message`, then what was annotated), 0600. When a line would make it longer than `maxBytes` it becomes `path.1`,
 * `path.1` becomes `path.2`, and so on; `keep` old ones are kept. Nothing is opened before the first line. While it cannot be written it is tried again, and what
 * was left out then is said in it. Replaces the default logger.
 */
export const layer = (options: Options): Layer.Layer<never> =>
  Layer.unwrapScoped(Effect.map(file({ ...options, maxBytes: options.maxBytes ?? 5 * 1024 * 1024, keep: options.keep ?? 3 }), (write) => layerLines(write)))

/** The same lines, handed to somebody who writes them. `clean`: what becomes of each text in them. Replaces the default logger. */
export const layerLines = (write: (line: string) => void, clean: (text: string) => string = (text) => text): Layer.Layer<never> =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ annotations, cause, date, logLevel, message }) => {
      const parts = Array.isArray(message) ? message : [message]
      write(
        `${JSON.stringify({
          at: date.toISOString(),
          level: logLevel.label.toLowerCase(),
          message: clean(parts.map(inWords).join(" ")),
          ...Object.fromEntries([...annotations].map(([name, value]) => [name, typeof value === "string" ? clean(value) : value])),
          ...(Cause.isEmpty(cause) ? {} : { cause: clean(Cause.pretty(cause)) })
        })}\n`
      )
    })
  )

const inWords = (part: unknown): string =>
  typeof part === "string" ? part : part instanceof Error ? `${part.name}: ${part.message}` : (JSON.stringify(part) ?? String(part))

/** The pause before a log that could not be written is tried again, when nobody has anything to say meanwhile. */
const pauseMs = 2000

interface State {
  open: { readonly fd: number; size: number } | null
  /** Lines that could not be written. */
  missing: number
  timer: Timer | undefined
}
type Timer = ReturnType<typeof setInterval>

const file = ({ failing = () => {}, keep, maxBytes, path }: Options & { readonly maxBytes: number; readonly keep: number }) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync((): State => ({ open: null, missing: 0, timer: undefined })),
      (state) =>
        Effect.sync(() => {
          clearInterval(state.timer)
          if (state.open !== null) Fs.closeSync(state.open.fd)
        })
    ),
    (state) => {
      const put = (line: string) => {
        const bytes = Buffer.from(line)
        state.open ??= start(path)
        if (state.open.size > 0 && state.open.size + bytes.length > maxBytes) {
          Fs.closeSync(state.open.fd)
          state.open = null
          for (let old = keep; old > 0; old--) {
            const from = old === 1 ? path : `${path}.${old - 1}`
            if (Fs.existsSync(from)) Fs.renameSync(from, `${path}.${old}`)
          }
          state.open = start(path)
        }
        const written = Fs.writeSync(state.open.fd, bytes)
        state.open.size += written
        if (written < bytes.length) throw new Error("there was no space for the whole of a line")
      }
      const caughtUp = () => {
        if (state.missing === 0) return
        // The last line may have been cut.
        put(
          `\n${JSON.stringify({ at: new Date().toISOString(), level: "warn", message: `${state.missing} lines are missing here: the log could not be written` })}\n`
        )
        state.missing = 0
        clearInterval(state.timer)
        failing(null)
      }
      const failed = (cause: unknown) => {
        const why = `${path} cannot be written (${cause instanceof Error ? cause.message : String(cause)})`
        // The log is the place where failures are told; when it fails itself only the terminal is left. Once, for a full disk fails with every line.
        if (state.missing === 0) {
          process.stderr.write(`han: ${why}; going on without a log\n`)
          state.timer = setInterval(() => {
            try {
              caughtUp()
            } catch (cause) {
              failed(cause)
            }
          }, pauseMs)
          state.timer.unref()
        }
        failing(`${why}: the log lacks what happens; make it writable, han goes on by itself`)
      }
      return (line: string) => {
        try {
          caughtUp()
          put(line)
        } catch (cause) {
          failed(cause)
          state.missing++
        }
      }
    }
  )

const start = (path: string) => {
  const fd = Fs.openSync(path, "a", 0o600)
  return { fd, size: Fs.fstatSync(fd).size }
}
