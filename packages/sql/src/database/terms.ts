import type { Surcharge } from "han-core/SessionEvent"
import { storable } from "./Database.ts"

/** Something that the price of tokens leaves out: a surcharge of the record, or `prompt`, what a prompt of more than 200,000 tokens costs more. */
export interface Term {
  readonly kind: Surcharge["kind"] | "prompt"
  readonly name: string
}

/** Part of a key, which PostgreSQL keeps short. */
const maxName = 100

/** The text by which terms are stored: the same for the same terms, empty for none. */
export const termsOf = (surcharges: ReadonlyArray<Surcharge>, longPrompt: boolean): string => {
  if (surcharges.length === 0 && !longPrompt) return ""
  const pairs = surcharges.slice(0, maxTerms).map(({ kind, name }) => `${kind} ${storable(name.slice(0, maxName))}`)
  return JSON.stringify([...new Set(longPrompt ? [...pairs, "prompt long"] : pairs)].sort())
}
const maxTerms = 8

export const readTerms = (stored: string): ReadonlyArray<Term> => {
  if (stored === "") return []
  const pairs: ReadonlyArray<`${Term["kind"]} ${string}`> = JSON.parse(stored)
  return pairs.map((pair) => {
    const space = pair.indexOf(" ")
    return { kind: pair.slice(0, space) as Term["kind"], name: pair.slice(space + 1) }
  })
}
