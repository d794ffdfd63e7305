/**
 * Conditions and orders of rows by their fields, as data: they go over the wire, to SQL, or over rows in memory.
 *
 * @example
 * ```ts
 * import { holds, type Where } from "han-core/Where"
 *
 * const longAnswers: Where<"role" | "outputTokens"> = {
 *   _tag: "And",
 *   of: [
 *     { _tag: "Field", field: "role", op: "eq", value: "assistant" },
 *     { _tag: "Field", field: "outputTokens", op: "gt", value: 4000 }
 *   ]
 * }
 * const row = { role: "assistant", outputTokens: 5120 }
 * holds(longAnswers, (field) => row[field]) // true
 * ```
 */

/** The value of a field. */
export type Scalar = string | number | boolean | null

/**
 * A question about one field. A field that is null makes `eq`, `ne`, `in`, … neither true nor false, as in SQL: neither the condition nor its negation takes
 * the row. Only `isNull`, and `in` and `notIn` of an empty list, have an answer for null.
 */
export type Comparison =
  | { readonly op: "eq" | "ne" | "gt" | "gte" | "lt" | "lte"; readonly value: Exclude<Scalar, null> }
  | { readonly op: "contains" | "startsWith" | "endsWith"; readonly value: string }
  | { readonly op: "in" | "notIn"; readonly value: ReadonlyArray<string> | ReadonlyArray<number> }
  | { readonly op: "isNull"; readonly value: boolean }

/**
 * A condition on the fields of a row. An empty `And` holds for every row, an empty `Or` for none. Text is compared with its case and without wildcards.
 */
export type Where<Field extends string> =
  | { readonly _tag: "And" | "Or"; readonly of: ReadonlyArray<Where<Field>> }
  | { readonly _tag: "Not"; readonly of: Where<Field> }
  | ({ readonly _tag: "Field"; readonly field: Field } & Comparison)

/** The fields that a condition asks about, each once. */
export const fieldsOf = <Field extends string>(where: Where<Field>): ReadonlySet<Field> => {
  if (where._tag === "Field") return new Set([where.field])
  return where._tag === "Not" ? fieldsOf(where.of) : new Set(where.of.flatMap((part) => [...fieldsOf(part)]))
}

/** Tells if a row, read field by field, fulfils the condition. A condition that is neither true nor false is not fulfilled. */
export const holds = <Field extends string>(where: Where<Field>, read: (field: Field) => Scalar): boolean => truth(where, read) === true

/** Null: neither true nor false. */
const truth = <Field extends string>(where: Where<Field>, read: (field: Field) => Scalar): boolean | null => {
  switch (where._tag) {
    case "And":
      return where.of.reduce<boolean | null>((so, part) => both(so, truth(part, read)), true)
    case "Or":
      return not(where.of.reduce<boolean | null>((so, part) => both(so, not(truth(part, read))), true))
    case "Not":
      return not(truth(where.of, read))
    case "Field":
      return compare(read(where.field), where)
  }
}
const not = (value: boolean | null): boolean | null => (value === null ? null : !value)
const both = (a: boolean | null, b: boolean | null): boolean | null => (a === false || b === false ? false : a === null || b === null ? null : true)

const compare = (have: Scalar, by: Comparison): boolean | null => {
  if (by.op === "isNull") return (have === null) === by.value
  if (by.op === "notIn" && by.value.length === 0) return true
  if (by.op === "in" && by.value.length === 0) return false
  if (have === null) return null
  switch (by.op) {
    case "eq":
      return have === by.value
    case "ne":
      return have !== by.value
    case "gt":
      return have > by.value
    case "gte":
      return have >= by.value
    case "lt":
      return have < by.value
    case "lte":
      return have <= by.value
    case "contains":
      return String(have).includes(by.value)
    case "startsWith":
      return String(have).startsWith(by.value)
    case "endsWith":
      return String(have).endsWith(by.value)
    case "in":
      return by.value.some((value) => value === have)
    case "notIn":
      return !by.value.some((value) => value === have)
  }
}

/** One level of an order. Null is the smallest value. */
export interface OrderBy<Field extends string> {
  readonly field: Field
  readonly descending: boolean
}

/** Compares two rows by one level after the other: negative when `a` comes first, 0 when no level tells them apart. */
export const inOrder = <Field extends string>(orderBy: ReadonlyArray<OrderBy<Field>>, a: (field: Field) => Scalar, b: (field: Field) => Scalar): number => {
  for (const { descending, field } of orderBy) {
    const order = rank(a(field), b(field))
    if (order !== 0) return descending ? -order : order
  }
  return 0
}
const rank = (a: Scalar, b: Scalar): number => (a === b ? 0 : a === null ? -1 : b === null ? 1 : a < b ? -1 : 1)
