import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { decoder } from "han-core/Decode"
import type { Entry } from "han-core/Entry"
import type { DecodedLine } from "han-core/SessionEvent"
import { type BlockRow, entriesOf } from "../blocks/storedEntries.ts"
import type { Chunk } from "./chunk.ts"

/** The lines above those of a chunk in its transcript, also what the journal had before; read as far as it is asked for. */
export interface LinesAbove {
  /** The nearest line of the conversation that a line follows. Null when it follows none, or one that is not near: see `reach`. */
  readonly before: (line: DecodedLine) => Effect.Effect<DecodedLine | null, SqlError>
}

/** The number of lines up in which a parent is looked for: a response's lines are written together, and a parent that is not there costs this much. */
const reach = 256

export const linesAbove = (sql: SqlClient.SqlClient, chunk: Chunk): LinesAbove => {
  const first = chunk.decoded[0]?.line ?? 0
  const entries = new Map<number, Entry>()
  const decoded = new Map<number, DecodedLine>()
  let from = first
  let ended = false
  const load = Effect.gen(function* () {
    const [row] = yield* sql<BlockRow>`SELECT transcript_no, first_line, lines, sequence, byte_offset, codec, data FROM block
      WHERE owner_no = ${chunk.owner} AND transcript_no = ${chunk.no} AND first_line < ${from} ORDER BY first_line DESC LIMIT 1`
    if (row === undefined) {
      ended = true
      return
    }
    for (const entry of entriesOf(row)) if (entry.line < from) entries.set(entry.line, entry)
    from = row.first_line
  })
  const at = Effect.fnUntraced(function* (line: number) {
    if (line >= first) return chunk.decoded[line - first]
    while (line < from && !ended) yield* load
    const known = decoded.get(line)
    const entry = entries.get(line)
    if (known !== undefined || entry === undefined) return known
    const found = (yield* decoder)(chunk.transcript, entry)
    decoded.set(line, found)
    return found
  })
  /** The nearest line above that is as asked. */
  const nearest = Effect.fnUntraced(function* (below: number, is: (line: DecodedLine) => boolean) {
    for (let line = below - 1; line >= 0 && line >= below - reach; line--) {
      const found = yield* at(line)
      if (found !== undefined && is(found)) return found
    }
    return null
  })
  return {
    before: Effect.fnUntraced(function* (line) {
      for (let below: DecodedLine = line; ; ) {
        const parent = below.envelope.parentUuid
        // Lines without a parent follow the one that stands above them; what begins a chain follows nothing.
        if (parent === null) return below === line ? yield* nearest(line.line, isConversation) : null
        const found: DecodedLine | null = yield* nearest(below.line, ({ envelope }) => envelope.uuid === parent)
        if (found === null || isConversation(found)) return found
        below = found
      }
    })
  }
}

/** Attachments, notes of the system and progress stand in the chain between lines that somebody said. */
const isConversation = ({ envelope: { type } }: DecodedLine): boolean => type === "assistant" || type === "user" || type.startsWith("user/")
