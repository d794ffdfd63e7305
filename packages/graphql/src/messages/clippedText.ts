import { GraphQLNonNull } from "graphql"
import { clipped } from "han-core/unstable/Clip"
import type { Field } from "../context/Field.ts"
import { notNegative } from "../relay/Connection.ts"
import { Int } from "../relay/Int.ts"
import { givenText } from "./lineFields.ts"

/** A text that may be asked for in part: one line may hold megabytes, of which a page shows a screenful. */
export const clippableText = <Source>(description: string, read: (source: Source) => string): Field<Source> => {
  const whole = givenText(description, read)
  return {
    ...whole,
    args: { maxChars: { type: Int, description: "Only its beginning, at most so many UTF-16 units; no character is cut. All of it without." } },
    resolve: (source, args: { readonly maxChars?: number | null }, context, info) => {
      const max = notNegative("maxChars", args.maxChars)
      const text: unknown = whole.resolve?.(source, args, context, info)
      return max === undefined || typeof text !== "string" ? text : clipped(text, max)
    }
  }
}

/** The length of such a text, whatever part of it is asked for. */
export const lengthField = <Source>(read: (source: Source) => string): Field<Source> => ({
  type: new GraphQLNonNull(Int),
  description: "The length of the whole, in UTF-16 units.",
  resolve: (source) => read(source).length
})
