import { nodeDefinitions } from "graphql-relay"
import { parseGlobalId } from "./GlobalId.ts"

const lookup = "node"

/** `extensions` of an object type that is a `Node`: finds its object by what follows the type's name in an id; null when it is not there. */
export const findsNode = <Context>(find: (raw: string, context: Context) => unknown) => ({ [lookup]: find })

/** The root field `node`, which asks the type that an id names, and the interface of these types. An id of another type leads to nothing. */
export const { nodeField, nodeInterface: Node } = nodeDefinitions<unknown>((id, context, { schema }) => {
  const { raw, typename } = parseGlobalId(id)
  const find = schema.getType(typename)?.extensions[lookup]
  return typeof find === "function" ? find(raw, context) : null
})

Node.description = "Something that can be asked for by its id alone."
for (const field of Object.values(Node.getFields())) field.description = "Unique among everything; `Typename:` and what the type makes of the rest."
