import { GraphQLSchema } from "graphql"
import { MutationRoot } from "./Mutations.ts"
import { messageTypes } from "./messages/MessageFamily.ts"
import { Query } from "./Query.ts"
import { SubscriptionRoot } from "./Subscriptions.ts"

/** Everything that han answers over GraphQL. `schema.graphql` is this, printed. */
export const schema = new GraphQLSchema({ query: Query, mutation: MutationRoot, subscription: SubscriptionRoot, types: [...messageTypes] })
