import { isDeepStrictEqual } from "node:util"
import { getStorageKey, type NormalizationSelection, type OperationDescriptor, type RecordSource, type Variables } from "relay-runtime"

export type JsonObject = Readonly<Record<string, unknown>>
type Source = Pick<RecordSource, "get">

/**
 * Where a normalized store does not have what an answer said, field by field. Should two things share an id, the store has but one of them, and the other one's answer
 * is not found any more.
 */
export const differencesOf = (source: Source, { root, request }: OperationDescriptor, data: JsonObject): ReadonlyArray<string> => {
  const found: Array<string> = []
  const { variables } = root
  const record = (id: string) => (source.get(id) ?? {}) as JsonObject
  const object = (selections: ReadonlyArray<NormalizationSelection>, id: string, answer: JsonObject, path: string): void => {
    for (const selection of selections) {
      switch (selection.kind) {
        case "ScalarField": {
          const [said, kept] = [answer[selection.alias ?? selection.name], record(id)[getStorageKey(selection, variables)]]
          if (!isDeepStrictEqual(said, kept)) found.push(`${path}.${selection.name} of ${id}: ${brief(said)} became ${brief(kept)}`)
          break
        }
        case "LinkedField": {
          const said = answer[selection.alias ?? selection.name]
          const kept = record(id)[getStorageKey(selection, variables)] as
            | { readonly __ref?: string; readonly __refs?: ReadonlyArray<string> }
            | null
            | undefined
          linked(selection.selections, said, kept?.__refs ?? kept?.__ref ?? null, `${path}.${selection.name}`)
          break
        }
        case "InlineFragment":
          if (selection.abstractKey == null ? answer["__typename"] === selection.type : Object.hasOwn(answer, selection.abstractKey))
            object(selection.selections, id, answer, path)
          break
        case "Condition":
          if (holds(selection.condition, variables) === selection.passingValue) object(selection.selections, id, answer, path)
          break
        case "ClientExtension":
        case "TypeDiscriminator":
        case "LinkedHandle":
        case "ScalarHandle":
          break
        default:
          throw new Error(`${request.node.params.name} has a ${selection.kind}: nobody looks at those`)
      }
    }
  }
  const linked = (selections: ReadonlyArray<NormalizationSelection>, said: unknown, kept: string | ReadonlyArray<string> | null, path: string): void => {
    if (said === null || said === undefined || kept === null) {
      if ((said ?? null) !== kept) found.push(`${path}: ${brief(said)} became ${brief(kept)}`)
    } else if (Array.isArray(said)) {
      if (said.length !== kept.length) return void found.push(`${path}: ${said.length} became ${kept.length}`)
      for (const [index, one] of said.entries()) linked(selections, one, kept[index] ?? null, `${path}.${index}`)
    } else if (typeof kept === "string") object(selections, kept, said as JsonObject, path)
  }
  object(request.node.operation.selections, root.dataID, data, request.node.params.name)
  return found
}

/** Records whose id does not begin with their type. Ids that do cannot be another type's. */
export const misnamed = (records: ReadonlyMap<string, string>): ReadonlyArray<readonly [string, string]> =>
  [...records].filter(([id, type]) => {
    const prefix = id.split(":", 1)[0] ?? ""
    return prefix === "Message" ? !type.endsWith("Message") : prefix !== type
  })

const holds = (condition: string, variables: Variables): boolean => variables[condition] === true
const brief = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 120)
