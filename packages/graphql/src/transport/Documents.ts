import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, specifiedRules, validate } from "graphql"
import { type Limits, rule, type Weight } from "./Limits.ts"

/** A document that the schema can answer, and that is within the limits. */
export interface Accepted {
  readonly document: DocumentNode
  readonly weight: Weight
}

export interface Documents {
  /** The document of a text, or why it is refused. What was accepted is remembered by its text. */
  readonly accept: (text: string) => Accepted | ReadonlyArray<GraphQLError>
  /** Documents that are remembered. */
  readonly size: () => number
}

/** Clients send the same few dozen documents over and over; a syntax tree is some hundred times as large as its text. */
const kept = { documents: 256, characters: 512 * 1024, longest: 64 * 1024 }

export const make = (schema: GraphQLSchema, limits: Limits): Documents => {
  // The first in the map is the one that was asked for longest ago.
  const known = new Map<string, Accepted>()
  let characters = 0
  const keep = (text: string, accepted: Accepted) => {
    if (text.length > kept.longest) return
    known.set(text, accepted)
    characters += text.length
    for (const [oldest] of known) {
      if (known.size <= kept.documents && characters <= kept.characters) break
      known.delete(oldest)
      characters -= oldest.length
    }
  }
  return {
    accept: (text) => {
      const found = known.get(text)
      if (found !== undefined) {
        known.delete(text)
        known.set(text, found)
        return found
      }
      const result = judged(schema, limits, text)
      if ("document" in result) keep(text, result)
      return result
    },
    size: () => known.size
  }
}

const judged = (schema: GraphQLSchema, limits: Limits, text: string): Accepted | ReadonlyArray<GraphQLError> => {
  try {
    const document = parse(text, { maxLexicalTokens: limits.tokens, maxComments: limits.tokens })
    let weight: Weight | undefined
    // The limits come first, and alone: what is beyond them is expensive to look at in any other way.
    const beyond = validate(schema, document, [rule(limits, (weighed) => (weight = weighed))])
    if (weight === undefined) return beyond
    const wrong = validate(schema, document, specifiedRules, { maxErrors: 20 })
    return wrong.length > 0 ? wrong : { document, weight }
  } catch (error) {
    if (error instanceof GraphQLError) return [error]
    // The parser calls itself for each level.
    if (error instanceof RangeError) return [new GraphQLError("the document is nested too deeply")]
    throw error
  }
}
