import { readTerms, type Term } from "../database/terms.ts"

/** Responses of one model with the same terms. */
export interface TermsRow {
  readonly model: string
  readonly terms: string
  readonly charges: number
  readonly searches: number
  readonly unpriced: number
  readonly garbled: number
  readonly unsure: number
}

/** Says what the figures leave out, in words that go on from "not included:". */
export const notIncluded = (rows: ReadonlyArray<TermsRow>): ReadonlyArray<string> => {
  const sum = (of: (row: TermsRow) => number) => rows.reduce((so, row) => so + of(row), 0)
  const searches = sum((row) => row.searches)
  const garbled = sum((row) => row.garbled)
  const unsure = sum((row) => row.unsure)
  const terms = rows.flatMap((row) => readTerms(row.terms).map((term) => ({ ...term, row })))
  const names = (kind: Term["kind"]) => [...new Set(terms.flatMap((term) => (term.kind === kind ? [term.name] : [])))].sort()
  const long = terms.flatMap(({ kind, row }) => (kind === "prompt" ? [row] : []))
  const models = [...new Set(long.map((row) => row.model))].sort()
  return [
    ...(searches > 0 ? [`${searches} web searches, which the vendor charges beside the tokens`] : []),
    ...names("tool").map((name) => `what the vendor charges for its tool "${name}" beside the tokens`),
    ...names("tier").map((name) => `what service tier "${name}" costs more or less than the list price`),
    ...names("speed").map((name) => `what speed "${name}" costs more than the list price`),
    ...names("region").map((name) => `what inference in region "${name}" (inference_geo) costs more than the list price`),
    ...(long.length === 0
      ? []
      : [
          `what long prompts, of more than 200,000 tokens, may cost more than the list price: ${responses(long.reduce((so, row) => so + row.charges, 0))} of ${models.join(", ")}`
        ]),
    ...(garbled > 0
      ? [`the cost of ${responses(garbled)} whose record states what cannot be (a negative number of tokens, or one that has run over), and those tokens`]
      : []),
    ...(unsure > 0
      ? [`whether ${responses(unsure)} ${unsure === 1 ? "is a part or a copy" : "are parts or copies"} of others, which the ids do not tell: each is counted`]
      : [])
  ]
}

const responses = (count: number): string => `${count} ${count === 1 ? "response" : "responses"}`
