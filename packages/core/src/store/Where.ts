export type Scalar = string | number | boolean | null

/** `eq`, `ne`, `in`, … of a field that is null are neither true nor false, as in SQL: neither the condition nor its negation takes the row. */
export type Comparison =
  | { readonly op: "eq" | "ne" | "gt" | "gte" | "lt" | "lte"; readonly value: Exclude<Scalar, null> }
  | { readonly op: "contains" | "startsWith" | "endsWith"; readonly value: string }
  | { readonly op: "in" | "notIn"; readonly value: ReadonlyArray<string> | ReadonlyArray<number> }
  | { readonly op: "isNull"; readonly value: boolean }

/** A condition on the fields of a row. `And` of nothing holds for every row, `Or` of nothing for none. Texts are compared case by case, without wildcards. */
export type Where<Field extends string> =
  | { readonly _tag: "And" | "Or"; readonly of: ReadonlyArray<Where<Field>> }
  | { readonly _tag: "Not"; readonly of: Where<Field> }
  | ({ readonly _tag: "Field"; readonly field: Field } & Comparison)

/** The fields that a condition asks about. */
export const fieldsOf = <Field extends string>(where: Where<Field>): ReadonlySet<Field> => {
  if (where._tag === "Field") return new Set([where.field])
  return where._tag === "Not" ? fieldsOf(where.of) : new Set(where.of.flatMap((part) => [...fieldsOf(part)]))
}

/** True for a row, read field by field, that fulfils the condition. */
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

export interface OrderBy<Field extends string> {
  readonly field: Field
  readonly descending: boolean
}

/** Compares two rows field by field; null is the smallest. */
export const inOrder = <Field extends string>(orderBy: ReadonlyArray<OrderBy<Field>>, a: (field: Field) => Scalar, b: (field: Field) => Scalar): number => {
  for (const { descending, field } of orderBy) {
    const order = rank(a(field), b(field))
    if (order !== 0) return descending ? -order : order
  }
  return 0
}
const rank = (a: Scalar, b: Scalar): number => (a === b ? 0 : a === null ? -1 : b === null ? 1 : a < b ? -1 : 1)
