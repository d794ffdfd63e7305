import { type GraphQLOutputType, getNamedType, isAbstractType, isObjectType, isRequiredArgument } from "graphql"
import { schema } from "./fullSchema.ts"

/** Arguments for the fields of a document, by `Type.field`; null for a field that is left out. */
export type Arguments = Readonly<Record<string, string | null>>

/** Every field that can be asked of a type without arguments, or with those given; a type within itself shows only what it is. */
export const everything = (type: GraphQLOutputType, given: Arguments = {}, within: ReadonlyArray<string> = []): string => {
  const named = getNamedType(type)
  if (isAbstractType(named))
    return `{ __typename ${schema
      .getPossibleTypes(named)
      .map((each) => `... on ${each.name} ${everything(each, given, within)}`)
      .join(" ")} }`
  if (!isObjectType(named)) return ""
  if (within.includes(named.name)) return named.getFields()["id"] === undefined ? "{ __typename }" : "{ __typename id }"
  const fields = Object.values(named.getFields()).flatMap((field) => {
    const args = given[`${named.name}.${field.name}`]
    return args === null || (args === undefined && field.args.some(isRequiredArgument))
      ? []
      : [`${field.name}${args === undefined ? "" : `(${args})`} ${everything(field.type, given, [...within, named.name])}`]
  })
  return `{ __typename ${fields.join(" ")} }`
}

/** A document that asks a root field for everything. */
export const rootDocument = (name: string, given: Arguments = {}): string => {
  const field = schema.getQueryType()?.getFields()[name]
  if (field === undefined) throw new Error(`there is no root field ${name}`)
  const args = given[`Query.${name}`]
  return `{ ${name}${args == null ? "" : `(${args})`} ${everything(field.type, given)} }`
}
