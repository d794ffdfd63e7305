import * as Effect from "effect/Effect"
import * as Message from "han-core/Message"
import type { Page, PageRequest } from "han-core/Page"
import { entriesOfRows, type LineRow } from "../blocks/entriesAt.ts"
import { encodeCursor, pageOf, plan } from "../database/page.ts"
import { instantOfKey } from "../readmodels/messageKey.ts"
import type { Reading } from "./reader.ts"

export interface MessageRow extends LineRow {
  readonly id: number
}

/** The messages of rows, in their order. One that is being forgotten is left out: its entry may be gone between two statements. */
export const messagesOf = Effect.fnUntraced(function* <Row extends MessageRow>({ owner, sql }: Reading, rows: ReadonlyArray<Row>) {
  const find = yield* entriesOfRows(sql, owner, rows)
  return rows.flatMap((row) => {
    const found = find(row)
    const message = found === undefined ? null : Message.fromLine(found.transcript, found.decoded, found.entry)
    if (found === undefined || message === null) return []
    const at = message.at ?? instantOfKey(row.id)
    return [{ row, entry: found.entry, message: at === message.at ? message : new Message.Message({ ...message, at }, { disableValidation: true }) }]
  })
})

/** The page from rows of messages that `plan` asked for; `nodes` are those of them that are still there, by the row's id. Cursors name a row's `position`. */
export const messagePage = <Row extends MessageRow, A>(
  list: string,
  page: PageRequest,
  rows: ReadonlyArray<Row>,
  nodes: ReadonlyMap<number, A>,
  position: (row: Row) => number = ({ id }) => id
): Page<A> => {
  const { size } = plan(page)
  return pageOf(
    page,
    rows.filter((row, index) => index === size || nodes.has(row.id)),
    (row) => nodes.get(row.id)!,
    (row) => encodeCursor(list, [position(row)])
  )
}
