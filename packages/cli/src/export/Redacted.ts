import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Redactor } from "han-core/Redaction"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"

/** The variables of the environment that are set. */
export const variablesOf = ({ environment }: CliEnvironment): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

const newline = 0x0a

/** The lines of a transcript without their secrets, each with the end that it has. One line at a time is in memory. */
export const redactedLines =
  (redact: Redactor) =>
  <E, R>(content: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Uint8Array, E, R> =>
    Stream.suspend(() => {
      let begun: Array<Uint8Array> = []
      const whole = (chunk: Uint8Array): Uint8Array => {
        const parts: Array<Uint8Array> = []
        let from = 0
        for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
          begun.push(chunk.subarray(from, end))
          parts.push(redact.line(Buffer.concat(begun)), chunk.subarray(end, end + 1))
          begun = []
          from = end + 1
        }
        // A copy: the chunk may be used again by whoever gave it.
        if (from < chunk.length) begun.push(chunk.slice(from))
        return Buffer.concat(parts)
      }
      const last = Stream.suspend(() => (begun.length === 0 ? Stream.empty : Stream.succeed(redact.line(Buffer.concat(begun)))))
      return Stream.concat(Stream.map(content, whole), last)
    })

/** A text without its secrets. It is read as a whole, for a key in PEM has many lines. */
export const redactedText =
  (redact: Redactor) =>
  <E, R>(content: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Uint8Array, E, R> =>
    Stream.unwrap(
      Effect.map(Stream.runCollect(content), (chunks) => {
        const bytes = Buffer.concat([...chunks])
        return Stream.succeed(redact.line(bytes))
      })
    )
