import * as Effect from "effect/Effect"
import { GraphQLBoolean, GraphQLError, GraphQLList, GraphQLNonNull, type GraphQLNullableOutputType, GraphQLObjectType, GraphQLString } from "graphql"
import { maxPageSize, type Page, PageCursorInvalid, type PageRequest } from "han-core/Page"
import { Int } from "./Int.ts"
import { wellFormed } from "./wellFormed.ts"

export const PageInfo = new GraphQLObjectType({
  name: "PageInfo",
  description: "Where a page lies in its list.",
  fields: {
    hasNextPage: { type: new GraphQLNonNull(GraphQLBoolean), description: "Whether rows follow this page." },
    hasPreviousPage: { type: new GraphQLNonNull(GraphQLBoolean), description: "Whether rows come before this page." },
    startCursor: {
      type: GraphQLString,
      description: "The cursor of the first row; null for an empty page.",
      resolve: ({ startCursor }: PageInfoRow) => wellFormed(startCursor)
    },
    endCursor: {
      type: GraphQLString,
      description: "The cursor of the last row; null for an empty page.",
      resolve: ({ endCursor }: PageInfoRow) => wellFormed(endCursor)
    }
  }
})

/** The pair of types that Relay wants of a list. */
export const connectionType = (name: string, node: GraphQLNullableOutputType, what: string) => {
  const edge = new GraphQLObjectType({
    name: `${name}Edge`,
    description: `One of ${what}, with its place.`,
    fields: () => ({
      node: { type: new GraphQLNonNull(node), description: "The row." },
      cursor: {
        type: new GraphQLNonNull(GraphQLString),
        description: "Its place in the list. Stays valid while rows arrive; means nothing to other lists.",
        resolve: ({ cursor }: Edge<unknown>) => wellFormed(cursor)
      }
    })
  })
  const connection = new GraphQLObjectType({
    name: `${name}Connection`,
    description: `A page of ${what}.`,
    fields: {
      edges: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(edge))), description: "The rows of the page, in order." },
      pageInfo: { type: new GraphQLNonNull(PageInfo), description: "Where the page lies." },
      totalCount: { type: new GraphQLNonNull(Int), description: "How many rows the whole list has, with its filter, without the cursors." }
    }
  })
  return { connection, edge }
}

export const pageArgs = {
  first: { type: Int, description: "How many rows, from the beginning or after `after`." },
  after: { type: GraphQLString, description: "The cursor of the row before the page." },
  last: { type: Int, description: "How many rows, from the end or before `before`." },
  before: { type: GraphQLString, description: "The cursor of the row after the page." }
}
export interface PageArgs {
  readonly first?: number | null
  readonly after?: string | null
  readonly last?: number | null
  readonly before?: string | null
}

/** A count that an argument states; undefined for none. Fails for a negative one, which asks for nothing that there is. */
export const notNegative = (name: string, count: number | null | undefined): number | undefined => {
  if (count == null) return undefined
  if (count < 0) throw new GraphQLError(`${name} is ${count}; it should be 0 or more`, { extensions: { code: "CountInvalid" } })
  return count
}

/** Reads what the arguments ask for. A page never has more than a thousand rows. Fails for negative numbers. */
export const pageOf = ({ after, before, first, last }: PageArgs, size: number): PageRequest => {
  const bounded = (count: number) => Math.min(count, maxPageSize)
  const [begin, end] = [notNegative("first", first), notNegative("last", last)]
  return {
    ...(begin !== undefined ? { first: bounded(begin) } : end !== undefined ? { last: bounded(end) } : { first: size }),
    ...(after != null && after !== "" && { after }),
    ...(before != null && before !== "" && { before })
  }
}

export interface Edge<A> {
  readonly node: A
  readonly cursor: string
}
interface PageInfoRow {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly startCursor: string | null
  readonly endCursor: string | null
}
export interface Connection<A, Count> {
  readonly edges: ReadonlyArray<Edge<A>>
  readonly pageInfo: PageInfoRow
  /** A function is called only when the count is asked for. */
  readonly totalCount: Count
}

export const connectionOf = <A, Count>({ hasNext, hasPrevious, items }: Page<A>, totalCount: Count): Connection<A, Count> => ({
  edges: items,
  pageInfo: { hasNextPage: hasNext, hasPreviousPage: hasPrevious, startCursor: items[0]?.cursor ?? null, endCursor: items.at(-1)?.cursor ?? null },
  totalCount
})

/** A page of a list that is there as a whole. Cursors name rows by their keys; one that is gone, or another list's, is not found. */
export const connectionIn = <A>(rows: ReadonlyArray<A>, args: PageArgs, key: (row: A) => string): Effect.Effect<Connection<A, number>, PageCursorInvalid> => {
  const request = pageOf(args, rows.length === 0 ? 1 : Math.min(rows.length, maxPageSize))
  return Effect.gen(function* () {
    const place = (cursor: string) => {
      const found = rows.findIndex((row) => key(row) === cursor)
      return found < 0 ? Effect.fail(new PageCursorInvalid({ cursor })) : Effect.succeed(found)
    }
    const from = request.after === undefined ? 0 : (yield* place(request.after)) + 1
    const to = request.before === undefined ? rows.length : yield* place(request.before)
    const span = rows.slice(from, Math.max(from, to))
    const kept = request.first !== undefined ? span.slice(0, request.first) : span.slice(Math.max(0, span.length - (request.last ?? 0)))
    const edges = kept.map((node) => ({ node, cursor: key(node) }))
    const begin = request.first !== undefined ? from : Math.max(from, from + span.length - kept.length)
    return {
      edges,
      pageInfo: {
        hasNextPage: begin + kept.length < rows.length,
        hasPreviousPage: begin > 0,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null
      },
      totalCount: rows.length
    }
  })
}
