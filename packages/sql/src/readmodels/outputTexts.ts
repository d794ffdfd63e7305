import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { outputText, searchedOutputBytes } from "han-core/ToolOutput"
import * as blocks from "../blocks/blocks.ts"
import { anyOf, storable } from "../database/Database.ts"

interface PieceRow {
  readonly session_no: number
  readonly name: string
  readonly no: number
  readonly generation: number
  readonly file: string | null
  readonly digest: string
  readonly kept: number
  readonly codec: number
  readonly data: Uint8Array
}

/** An output as a line names it. */
export interface OutputName {
  readonly sessionNo: number
  readonly name: string
}

/**
 * Reads the searchable part of these outputs as text. Files of one name in several folders are all searched, in an order that does not depend on which came first; of the
 * generations of one file the newest, which is what the file says. An output that is not kept, or is no text, has none.
 */
export const outputTexts = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: number,
  wanted: ReadonlyArray<OutputName>
): Effect.fn.Return<(of: OutputName) => ReadonlyArray<string>, SqlError> {
  if (wanted.length === 0) return () => []
  const rows = yield* sql<PieceRow>`
    SELECT o.session_no, o.name, o.no, o.generation, o.file, o.digest, o.kept, p.codec, p.data FROM tool_output o JOIN tool_output_piece p ON p.owner_no = o.owner_no AND p.output_no = o.no
    WHERE o.owner_no = ${owner} AND o.session_no ${anyOf(sql, [...new Set(wanted.map(({ sessionNo }) => sessionNo))])} AND o.name ${anyOf(sql, [...new Set(wanted.map(({ name }) => storable(name)))])}
    AND p.byte_offset < ${searchedOutputBytes} ORDER BY o.kept DESC, o.digest, o.no, p.byte_offset`
  const found = new Map<string, Map<number, Array<Uint8Array>>>()
  const key = ({ name, sessionNo }: OutputName) => `${sessionNo}/${storable(name)}`
  const newest = new Map<string, number>()
  for (const row of rows) newest.set(fileOf(row), Math.max(newest.get(fileOf(row)) ?? 0, row.generation))
  for (const row of rows) {
    if (row.generation < (newest.get(fileOf(row)) ?? 0)) continue
    const place = key({ sessionNo: row.session_no, name: row.name })
    const generations = found.get(place) ?? new Map<number, Array<Uint8Array>>()
    found.set(place, generations)
    const pieces = generations.get(row.no) ?? []
    generations.set(row.no, pieces)
    pieces.push(blocks.decompress(row))
  }
  const texts = new Map<string, ReadonlyArray<string>>()
  return (of) => {
    const known = texts.get(key(of))
    if (known !== undefined) return known
    const made = [...(found.get(key(of))?.values() ?? [])].flatMap((pieces) => outputText(Buffer.concat(pieces).subarray(0, searchedOutputBytes)) ?? [])
    texts.set(key(of), made)
    return made
  }
})

/** The same for all generations of one file; one that came from no file of this machine is a file of its own. */
const fileOf = ({ file, name, no, session_no }: PieceRow): string => {
  const facts: { readonly path?: unknown } | null = file === null ? null : JSON.parse(file)
  return `${session_no}/${name}/${typeof facts?.path === "string" ? facts.path : `#${no}`}`
}
