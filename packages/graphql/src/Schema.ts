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

import { GraphQLSchema } from "graphql"
import { guardFields } from "./context/accessRules.ts"
import type { SchemaParts } from "./context/SchemaParts.ts"
import { mutationRoot } from "./Mutations.ts"
import { messageTypes } from "./messages/MessageFamily.ts"
import { queryRoot } from "./Query.ts"
import { subscriptionRoot } from "./Subscriptions.ts"

/**
 * A schema of han: sessions, projects and their numbers, workspaces, and what the parts add. Without `machine` its resolvers want a `GraphqlContext` of `GraphqlRequirements` alone. Fails
 * for a field of which nobody decided who may see it (`context/accessRules.ts`). `schema.graphql` is the schema with every part, printed.
 */
export const makeSchema = (given: SchemaParts = {}): GraphQLSchema => {
  // Types are made once for each of these objects.
  const parts = { ...given }
  return guardFields(
    new GraphQLSchema({ query: queryRoot(parts), mutation: mutationRoot(parts), subscription: subscriptionRoot(parts), types: [...messageTypes] })
  )
}
