import * as Fs from "node:fs"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"

/**
 * The log file: one JSON object a line (`at`, `level`, `message`, then what was annotated), 0600. When a line would make it longer than `maxBytes` it becomes `path.1`,
 * `path.1` becomes `path.2`, and so on; `keep` old ones are kept. Nothing is opened before the first line. Replaces the default logger.
 */
export const layer = (options: { readonly path: string; readonly maxBytes?: number; readonly keep?: number }): Layer.Layer<never> =>
  Layer.unwrapScoped(
    Effect.map(file({ path: options.path, maxBytes: options.maxBytes ?? 5 * 1024 * 1024, keep: options.keep ?? 3 }), (write) =>
      Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ annotations, cause, date, logLevel, message }) => {
          const parts = Array.isArray(message) ? message : [message]
          write(
            `${JSON.stringify({
              at: date.toISOString(),
              level: logLevel.label.toLowerCase(),
              message: parts.map(inWords).join(" "),
              ...Object.fromEntries(HashMap.toEntries(annotations)),
              ...(Cause.isEmpty(cause) ? {} : { cause: Cause.pretty(cause) })
            })}\n`
          )
        })
      )
    )
  )

const inWords = (part: unknown): string =>
  typeof part === "string" ? part : part instanceof Error ? `${part.name}: ${part.message}` : (JSON.stringify(part) ?? String(part))

const file = ({ keep, maxBytes, path }: { readonly path: string; readonly maxBytes: number; readonly keep: number }) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync((): { open: { readonly fd: number; size: number } | null; failing: boolean } => ({ open: null, failing: false })),
      (state) =>
        Effect.sync(() => {
          if (state.open !== null) Fs.closeSync(state.open.fd)
        })
    ),
    (state) => (line: string) => {
      try {
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
        Fs.writeSync(state.open.fd, bytes)
        state.open.size += bytes.length
        state.failing = false
      } catch (cause) {
        // The log is the place where failures are told; when it fails itself only the terminal is left. Once, for a full disk fails with every line.
        if (!state.failing)
          process.stderr.write(`han: ${path} cannot be written (${cause instanceof Error ? cause.message : String(cause)}); going on without a log\n`)
        state.failing = true
      }
    }
  )

const start = (path: string) => {
  const fd = Fs.openSync(path, "a", 0o600)
  return { fd, size: Fs.fstatSync(fd).size }
}
