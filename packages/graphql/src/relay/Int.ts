import { GraphQLError, GraphQLScalarType, Kind } from "graphql"

const isWhole = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value)
const refused = (value: unknown) => new GraphQLError(`Int cannot represent ${JSON.stringify(value)}; it should be a whole number of at most 53 bits`)

/**
 * The `Int` of every argument and result. Sums of tokens pass the 32 bits of graphql's own, and clients of the contract know them as `Int`. A schema has one scalar of a name:
 * no type that is used with it may use `GraphQLInt`.
 */
export const Int = new GraphQLScalarType<number, number>({
  name: "Int",
  description: "A whole number from -(2^53 - 1) to 2^53 - 1. A sum beyond that is given as the nearest of these.",
  // One sum that cannot be given exactly must not fail the list that it stands in.
  coerceOutputValue: (value) => {
    if (!isWhole(value)) throw refused(value)
    return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER))
  },
  coerceInputValue: (value) => {
    if (!Number.isSafeInteger(value)) throw refused(value)
    return Number(value)
  },
  coerceInputLiteral: (node) => {
    const value = node.kind === Kind.INT ? Number(node.value) : undefined
    if (value === undefined || !Number.isSafeInteger(value)) throw refused("value" in node ? node.value : node.kind)
    return value
  }
})
