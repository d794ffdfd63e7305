import {
  GraphQLBoolean,
  type GraphQLFieldConfig,
  type GraphQLFieldResolver,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLNullableOutputType,
  type GraphQLOutputType,
  GraphQLString
} from "graphql"
import type { GraphqlContext } from "./GraphqlContext.ts"

/** A field of objects whose source is `Source`; without a resolver it is the source's property of the same name. */
export type Field<Source> = GraphQLFieldConfig<Source, GraphqlContext>
type Resolve<Source> = GraphQLFieldResolver<Source, GraphqlContext>

export const field = <Source>(type: GraphQLOutputType, description: string, resolve?: Resolve<Source>): Field<Source> => ({
  type,
  description,
  ...(resolve !== undefined && { resolve })
})
const of =
  (type: GraphQLNullableOutputType) =>
  <Source>(description: string, resolve?: Resolve<Source>): Field<Source> =>
    field(type, description, resolve)

export const text = of(GraphQLString)
export const int = of(GraphQLInt)
export const float = of(GraphQLFloat)
export const flag = of(GraphQLBoolean)
export const id = of(GraphQLID)
export const always = <Source>(of: Field<Source>): Field<Source> => ({ ...of, type: of.type instanceof GraphQLNonNull ? of.type : new GraphQLNonNull(of.type) })

/** A list whose members are never null. */
export const listOf = <Source>(type: GraphQLNullableOutputType, description: string, resolve?: Resolve<Source>): Field<Source> =>
  field(new GraphQLList(new GraphQLNonNull(type)), description, resolve)

/** ISO 8601 in UTC with milliseconds; null for none. */
export const isoOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** A list that is never null. */
export const alwaysListOf = <Source>(type: GraphQLNullableOutputType, description: string, resolve?: Resolve<Source>): Field<Source> =>
  field(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type))), description, resolve)
