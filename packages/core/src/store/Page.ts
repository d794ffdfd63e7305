import * as Schema from "effect/Schema"

/** The most rows that one page holds. */
export const maxPageSize = 1000

/**
 * One page of a list: `first` rows after `after`, or the `last` rows before `before`.
 * Cursors are opaque, stay valid while rows arrive, and belong to the list that gave them.
 */
export const PageRequest = Schema.Struct({
  first: Schema.optional(Schema.Int.pipe(Schema.between(0, maxPageSize))),
  after: Schema.optional(Schema.String),
  last: Schema.optional(Schema.Int.pipe(Schema.between(0, maxPageSize))),
  before: Schema.optional(Schema.String)
})
export type PageRequest = typeof PageRequest.Type

export const Page = <A, I, R>(item: Schema.Schema<A, I, R>) =>
  Schema.Struct({
    items: Schema.Array(Schema.Struct({ cursor: Schema.String, node: item })),
    hasNext: Schema.Boolean,
    hasPrevious: Schema.Boolean
  })
export interface Page<A> {
  readonly items: ReadonlyArray<{ readonly cursor: string; readonly node: A }>
  readonly hasNext: boolean
  readonly hasPrevious: boolean
}

/** A cursor that this list did not give out. */
export class PageCursorInvalid extends Schema.TaggedError<PageCursorInvalid>("han-core/PageCursorInvalid")("PageCursorInvalid", {
  cursor: Schema.String
}) {
  override get message() {
    return `"${this.cursor.slice(0, 80)}" is not a cursor of this list; start again without it`
  }
}
