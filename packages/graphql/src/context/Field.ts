import {
  defaultFieldResolver,
  GraphQLBoolean,
  type GraphQLFieldConfig,
  type GraphQLFieldResolver,
  GraphQLFloat,
  GraphQLID,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLNullableOutputType,
  type GraphQLOutputType,
  GraphQLString,
  getNamedType
} from "graphql"
import { Int } from "../relay/Int.ts"
import { wellFormed } from "../relay/wellFormed.ts"
import type { GraphqlContext } from "./GraphqlContext.ts"

/** A field of objects whose source is `Source`; without a resolver it is the source's property of the same name. */
export type Field<Source, Context = GraphqlContext> = GraphQLFieldConfig<Source, Context>
export type Fields<Source, Context = GraphqlContext> = Readonly<Record<string, Field<Source, Context>>>
type Resolve<Source, Context = GraphqlContext> = GraphQLFieldResolver<Source, Context>

const isText = (type: GraphQLOutputType) => {
  const named = getNamedType(type)
  return named === GraphQLString || named === GraphQLID
}

/** A field of any type. Texts and lists of texts are well-formed Unicode, whatever the source holds. */
export const field = <Source, Context = GraphqlContext>(
  type: GraphQLOutputType,
  description: string,
  resolve?: Resolve<Source, Context>
): Field<Source, Context> => {
  const read: Resolve<Source, Context> = resolve ?? defaultFieldResolver
  const resolved = isText(type) ? { resolve: (...of: Parameters<Resolve<Source, Context>>) => wellFormed(read(...of)) } : resolve !== undefined && { resolve }
  return { type, description, ...resolved }
}
const of =
  (type: GraphQLNullableOutputType) =>
  <Source>(description: string, resolve?: Resolve<Source>): Field<Source> =>
    field(type, description, resolve)

export const text = of(GraphQLString)
export const int = of(Int)
export const float = of(GraphQLFloat)
export const flag = of(GraphQLBoolean)
export const id = of(GraphQLID)
export const always = <Source>(of: Field<Source>): Field<Source> => ({ ...of, type: of.type instanceof GraphQLNonNull ? of.type : new GraphQLNonNull(of.type) })

/** A list whose members are never null. */
export const listOf = <Source, Context = GraphqlContext>(
  type: GraphQLNullableOutputType,
  description: string,
  resolve?: Resolve<Source, Context>
): Field<Source, Context> => field(new GraphQLList(new GraphQLNonNull(type)), description, resolve)

/** ISO 8601 in UTC with milliseconds; null for none. */
export const isoOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** A list that is never null. */
export const alwaysListOf = <Source>(type: GraphQLNullableOutputType, description: string, resolve?: Resolve<Source>): Field<Source> =>
  field(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type))), description, resolve)
