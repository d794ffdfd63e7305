/**
 * han's GraphQL schema over core's services.
 *
 * @example
 * ```ts
 * import { printSchema } from "graphql"
 * import { machine } from "han-graphql/Machine"
 * import { makeSchema } from "han-graphql/Schema"
 *
 * const shared = makeSchema() // sessions, projects and their numbers, for any store
 * const ofThisMachine = makeSchema({ machine }) // and the machine's plugins, settings and folders
 * console.log(printSchema(ofThisMachine).length - printSchema(shared).length)
 * ```
 */

import { GraphQLObjectType, GraphQLSchema } from "graphql"
import type { MachineContext } from "./context/GraphqlContext.ts"
import type { SchemaParts } from "./context/SchemaParts.ts"
import { messageTypes } from "./messages/MessageFamily.ts"
import { queryRoot } from "./Query.ts"
import { subscriptionRoot } from "./Subscriptions.ts"

/**
 * A schema of han: sessions, projects and their numbers, and what the parts add. Without `machine` its resolvers want a `GraphqlContext` of `GraphqlRequirements` alone, and it
 * has no mutations. `schema.graphql` is the schema with every part, printed.
 */
export const makeSchema = (given: SchemaParts = {}): GraphQLSchema => {
  // Types are made once for each of these objects.
  const parts = { ...given }
  return new GraphQLSchema({
    query: queryRoot(parts),
    mutation:
      parts.machine &&
      new GraphQLObjectType<unknown, MachineContext>({
        name: "MutationRoot",
        description: "Changes of what is configured on this machine. Transcripts are never changed.",
        fields: parts.machine.mutation
      }),
    subscription: subscriptionRoot(parts),
    types: [...messageTypes]
  })
}
