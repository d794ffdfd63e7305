import { GraphQLID, GraphQLInt, GraphQLSchema, GraphQLString } from "graphql"
import { MutationRoot } from "./Mutations.ts"
import { messageTypes } from "./messages/MessageFamily.ts"
import { Query } from "./Query.ts"
import { SubscriptionRoot } from "./Subscriptions.ts"

// Sums of tokens pass 32 bits, and clients of the contract know them as Int. As an argument an Int is what it always was.
const narrow = GraphQLInt.coerceOutputValue.bind(GraphQLInt)
// A sum that cannot be told exactly ends at the last number that can: one such row must not take the list down.
const exact = (value: number) => Math.max(-Number.MAX_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER))
GraphQLInt.coerceOutputValue = (value) => (typeof value === "number" && Number.isInteger(value) ? exact(value) : narrow(value))

// Half surrogate pairs, which transcripts escape and JSON readers of some languages refuse, become U+FFFD, whatever they came through.
for (const scalar of [GraphQLString, GraphQLID]) {
  const plain = scalar.coerceOutputValue.bind(scalar)
  scalar.coerceOutputValue = (value) => plain(value).toWellFormed()
}

/** Everything that han answers over GraphQL. `schema.graphql` is this, printed. */
export const schema = new GraphQLSchema({ query: Query, mutation: MutationRoot, subscription: SubscriptionRoot, types: [...messageTypes] })
