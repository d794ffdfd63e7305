import { GraphQLString } from "graphql"
import type { MessageLine } from "han-core/Messages"
import { always, type Field, flag, float, int, listOf, text } from "../context/Field.ts"
import { finite, flag as flagOf, hanDataOf, texts, whole } from "./lineRecord.ts"

export const textField = <Source>(description: string, read: (source: Source) => string | null): Field<Source> => text(description, read)
/** For texts that are always there. */
export const givenText = <Source>(description: string, read: (source: Source) => string): Field<Source> => always(text(description, read))
export const wholeField = <Source>(description: string, read: (source: Source) => number | null): Field<Source> => int(description, read)
export const flagField = <Source>(description: string, read: (source: Source) => boolean | null): Field<Source> => flag(description, read)
export const scoreField = <Source>(description: string, read: (source: Source) => number | null): Field<Source> => float(description, read)
export const textsField = <Source>(description: string, read: (source: Source) => ReadonlyArray<string> | null): Field<Source> =>
  listOf(GraphQLString, description, read)

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
export const dataFlag = (name: string) => (line: MessageLine) => flagOf(hanDataOf(line)[name])
export const dataTexts = (name: string) => (line: MessageLine) => texts(hanDataOf(line)[name])
