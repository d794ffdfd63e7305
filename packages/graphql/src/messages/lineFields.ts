import { GraphQLBoolean, GraphQLFloat, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLString } from "graphql"
import type { MessageLine } from "han-core/Messages"
import type { Field } from "../context/Field.ts"
import { finite, flag, hanDataOf, texts, whole } from "./lineRecord.ts"

/** Half surrogate pairs, which transcripts escape and JSON readers of some languages refuse, become U+FFFD. */
export const wellFormed = (text: string): string => text.toWellFormed()

export const textField = <Source>(description: string, read: (source: Source) => string | null): Field<Source> => ({
  type: GraphQLString,
  description,
  resolve: (source) => {
    const text = read(source)
    return text === null ? null : wellFormed(text)
  }
})
/** For texts that are always there. */
export const givenText = <Source>(description: string, read: (source: Source) => string): Field<Source> => ({
  type: new GraphQLNonNull(GraphQLString),
  description,
  resolve: (source) => wellFormed(read(source))
})
export const wholeField = <Source>(description: string, read: (source: Source) => number | null): Field<Source> => ({
  type: GraphQLInt,
  description,
  resolve: read
})
export const flagField = <Source>(description: string, read: (source: Source) => boolean | null): Field<Source> => ({
  type: GraphQLBoolean,
  description,
  resolve: read
})
export const scoreField = <Source>(description: string, read: (source: Source) => number | null): Field<Source> => ({
  type: GraphQLFloat,
  description,
  resolve: read
})
export const textsField = <Source>(description: string, read: (source: Source) => ReadonlyArray<string> | null): Field<Source> => ({
  type: new GraphQLList(new GraphQLNonNull(GraphQLString)),
  description,
  resolve: (source) => read(source)?.map(wellFormed) ?? null
})

/** Reads from han's log the first of these names that has a text; an empty one only when there is no other. */
export const dataText =
  (...names: ReadonlyArray<string>) =>
  (line: MessageLine): string | null => {
    const data = hanDataOf(line)
    let empty: string | null = null
    for (const name of names) {
      const text = data[name]
      if (typeof text !== "string") continue
      if (text !== "") return text
      empty = text
    }
    return empty
  }
export const dataWhole = (name: string) => (line: MessageLine) => whole(hanDataOf(line)[name])
export const dataScore = (name: string) => (line: MessageLine) => finite(hanDataOf(line)[name])
export const dataFlag = (name: string) => (line: MessageLine) => flag(hanDataOf(line)[name])
export const dataTexts = (name: string) => (line: MessageLine) => texts(hanDataOf(line)[name])
