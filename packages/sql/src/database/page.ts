import * as Effect from "effect/Effect"
import { type Page, PageCursorInvalid, type PageRequest } from "han-core/Page"

/** A cursor as its list's sort key; the name keeps cursors of other lists out. */
export const encodeCursor = (list: string, key: ReadonlyArray<number>): string => Buffer.from(JSON.stringify([list, ...key])).toString("base64url")

export const decodeCursor = (list: string, size: number, cursor: string): Effect.Effect<ReadonlyArray<number>, PageCursorInvalid> =>
  Effect.try({
    try: () => {
      const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"))
      if (!Array.isArray(parts) || parts[0] !== list || parts.length !== size + 1) throw new Error("another list's")
      return parts.slice(1).map((part: unknown) => {
        if (typeof part !== "number" || !Number.isFinite(part)) throw new Error("no number")
        return part
      })
    },
    catch: () => new PageCursorInvalid({ cursor })
  })

const defaultSize = 50

/** Says which rows to ask the database for: `size + 1` in the list's order, or against it when the page is counted from its end. */
export const plan = (request: PageRequest) => {
  const backward = request.last !== undefined && request.first === undefined
  return { backward, size: (backward ? request.last : request.first) ?? defaultSize }
}

/** The page from the rows that `plan` asked for. */
export const pageOf = <Row, A>(request: PageRequest, rows: ReadonlyArray<Row>, node: (row: Row) => A, cursor: (row: Row) => string): Page<A> => {
  const { backward, size } = plan(request)
  const more = rows.length > size
  const kept = rows.slice(0, size)
  if (backward) kept.reverse()
  return {
    items: kept.map((row) => ({ cursor: cursor(row), node: node(row) })),
    hasNext: backward ? request.before !== undefined : more,
    hasPrevious: backward ? more : request.after !== undefined
  }
}

/** The page of a list that is in memory as a whole; cursors name rows, not places. */
export const slice = <Row, A>(
  list: string,
  page: PageRequest,
  rows: ReadonlyArray<Row>,
  key: (row: Row) => number,
  node: (row: Row) => A
): Effect.Effect<Page<A>, PageCursorInvalid> =>
  Effect.gen(function* () {
    const place = Effect.fnUntraced(function* (cursor: string) {
      const [wanted] = yield* decodeCursor(list, 1, cursor)
      const found = rows.findIndex((row) => key(row) === wanted)
      return found < 0 ? yield* new PageCursorInvalid({ cursor }) : found
    })
    const { backward, size } = plan(page)
    const from = page.after === undefined ? 0 : (yield* place(page.after)) + 1
    const to = page.before === undefined ? rows.length : yield* place(page.before)
    const span = rows.slice(from, Math.max(from, to))
    const kept = backward ? span.slice(Math.max(0, span.length - size - 1)).reverse() : span.slice(0, size + 1)
    return pageOf(page, kept, node, (row) => encodeCursor(list, [key(row)]))
  })
