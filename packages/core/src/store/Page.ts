/**
 * Pages of long lists, by cursors: the question, the answer and the error of a foreign cursor.
 *
 * @example
 * ```ts
 * import { Chunk, Effect, Option, Stream } from "effect"
 * import { maxPageSize, type PageRequest } from "han-core/Page"
 * import { Search } from "han-core/Search"
 *
 * const allHits = (text: string) =>
 *   Stream.paginateChunkEffect({ first: maxPageSize } as PageRequest, (request) =>
 *     Effect.gen(function* () {
 *       const page = yield* (yield* Search).messages({ text }, request)
 *       const after = page.items.at(-1)?.cursor
 *       const next = page.hasNext && after !== undefined ? Option.some({ first: maxPageSize, after }) : Option.none()
 *       return [Chunk.fromIterable(page.items.map(({ node }) => node)), next]
 *     })
 *   )
 * ```
 */

import * as Schema from "effect/Schema"

/** The most rows that a page holds. A request for more does not fit the schema. */
export const maxPageSize = 1000

/**
 * The question for one page of a list: the `first` rows after `after`, or the `last` rows before `before`.
 * Cursors are opaque, stay valid while rows arrive, and belong to the list that gave them.
 */
export const PageRequest = Schema.Struct({
  first: Schema.optional(Schema.Int.pipe(Schema.between(0, maxPageSize))),
  after: Schema.optional(Schema.String),
  last: Schema.optional(Schema.Int.pipe(Schema.between(0, maxPageSize))),
  before: Schema.optional(Schema.String)
})
export type PageRequest = typeof PageRequest.Type

/** The schema of a page whose rows have the schema `item`. */
export const Page = <A, I, R>(item: Schema.Schema<A, I, R>) =>
  Schema.Struct({
    items: Schema.Array(Schema.Struct({ cursor: Schema.String, node: item })),
    hasNext: Schema.Boolean,
    hasPrevious: Schema.Boolean
  })
/** Rows in the order of their list, each with its cursor. `hasNext` and `hasPrevious` tell if the list goes on behind or before them. */
export interface Page<A> {
  readonly items: ReadonlyArray<{ readonly cursor: string; readonly node: A }>
  readonly hasNext: boolean
  readonly hasPrevious: boolean
}

/** The request carries a cursor that this list did not give out. Ask again without it. */
export class PageCursorInvalid extends Schema.TaggedError<PageCursorInvalid>("han-core/PageCursorInvalid")("PageCursorInvalid", {
  cursor: Schema.String
}) {
  override get message() {
    return `"${this.cursor.slice(0, 80)}" is not a cursor of this list; start again without it`
  }
}
