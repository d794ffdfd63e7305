import {
  GraphQLBoolean,
  GraphQLFloat,
  type GraphQLInputFieldConfig,
  GraphQLInputObjectType,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLScalarType,
  GraphQLString
} from "graphql"
import type { Comparison, OrderBy, Where } from "han-core/Where"
import { OrderDirection } from "./Enums.ts"
import { Int } from "./Int.ts"

const listOf = (type: GraphQLScalarType) => new GraphQLList(new GraphQLNonNull(type))
const equals = "Equals."
const isNull = { type: GraphQLBoolean, description: "Is missing (true) or there (false)." }
const among = { _in: "Is one of these; an empty list takes nothing." }

/** An input object with these operators: those that take one value, and those that take several, each with what it asks. */
const scalarFilter = (
  name: string,
  description: string,
  type: GraphQLScalarType,
  one: Readonly<Record<string, string>>,
  several: Readonly<Record<string, string>> = {}
) =>
  new GraphQLInputObjectType({
    name,
    description,
    fields: {
      ...Object.fromEntries(Object.entries(one).map(([operator, asks]) => [operator, { type, description: asks }])),
      ...Object.fromEntries(Object.entries(several).map(([operator, asks]) => [operator, { type: listOf(type), description: asks }])),
      _isNull: isNull
    }
  })
const ordered = { _eq: equals, _ne: "Differs.", _gt: "Is greater.", _gte: "Is greater or equal.", _lt: "Is less.", _lte: "Is less or equal." }

const StringFilter = scalarFilter(
  "StringFilter",
  "Conditions on a text; all that are given must hold. Case counts, and no character is a wildcard. A missing text fulfils none but `_isNull: true`.",
  GraphQLString,
  {
    _eq: "Is this text.",
    _ne: "Is another text.",
    _contains: "Has this in it.",
    _startsWith: "Begins with this.",
    _endsWith: "Ends with this."
  },
  { ...among, _notIn: "Is none of these; an empty list takes everything." }
)
const IntFilter = scalarFilter("IntFilter", "Conditions on a whole number; all that are given must hold.", Int, ordered, among)
const InstantFilter = scalarFilter(
  "InstantFilter",
  "Conditions on a time; all that are given must hold. An instant like `2026-11-22T10:00:00Z`, or a day, which means its beginning in UTC.",
  GraphQLString,
  { _gt: "Is later.", _gte: "Is then or later.", _lt: "Is earlier.", _lte: "Is then or earlier." }
)
const FloatFilter = scalarFilter("FloatFilter", "Conditions on a number; all that are given must hold.", GraphQLFloat, ordered)
const BoolFilter = scalarFilter("BoolFilter", "Conditions on a truth value.", GraphQLBoolean, { _eq: equals })

export interface Column {
  readonly type: GraphQLInputObjectType
  /** The value of the column, in words. */
  readonly description: string
}
export type Columns = Readonly<Record<string, Column>>
export const onText = (description: string): Column => ({ type: StringFilter, description })
export const onInt = (description: string): Column => ({ type: IntFilter, description })
export const onInstant = (description: string): Column => ({ type: InstantFilter, description })
export const onFloat = (description: string): Column => ({ type: FloatFilter, description })
export const onFlag = (description: string): Column => ({ type: BoolFilter, description })

/** An input object with conditions on these columns, and the words that join them. */
export const filterType = (name: string, what: string, columns: Columns): GraphQLInputObjectType => {
  const type: GraphQLInputObjectType = new GraphQLInputObjectType({
    name,
    description: `Which ${what} to take; all conditions that are given must hold.`,
    fields: () => ({
      ...Object.fromEntries(Object.entries(columns).map(([name, column]): [string, GraphQLInputFieldConfig] => [name, { ...column }])),
      _and: { type: new GraphQLList(new GraphQLNonNull(type)), description: "All of these hold; an empty list holds." },
      _or: { type: new GraphQLList(new GraphQLNonNull(type)), description: "One of these holds; an empty list does not." },
      _not: { type, description: "This does not hold." }
    })
  })
  return type
}

export const orderType = (name: string, columns: Columns): GraphQLInputObjectType =>
  new GraphQLInputObjectType({
    name,
    description: "In which order; of several columns the one that stands first in this type decides first.",
    fields: Object.fromEntries(Object.entries(columns).map(([column, { description }]) => [column, { type: OrderDirection, description }]))
  })

/** The arguments of a list that can be chosen from and ordered. */
export const listArgs = (filter: GraphQLInputObjectType, orderBy: GraphQLInputObjectType) => ({
  filter: { type: filter, description: "Only those that fulfil this; all without." },
  orderBy: { type: orderBy, description: "In this order; what is missing is the smallest. In the list's own order without." }
})

const operators: Readonly<Record<string, Comparison["op"]>> = {
  _eq: "eq",
  _ne: "ne",
  _gt: "gt",
  _gte: "gte",
  _lt: "lt",
  _lte: "lte",
  _contains: "contains",
  _startsWith: "startsWith",
  _endsWith: "endsWith",
  _in: "in",
  _notIn: "notIn",
  _isNull: "isNull"
}

type Given = Readonly<Record<string, unknown>>
const isGiven = (value: unknown): value is Given => typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The condition that a filter argument states. `column` says what a column of the filter means; an association is turned into a condition on the row's own fields there.
 * An operator that is null is not given.
 */
export const whereOf = <Field extends string>(filter: unknown, column: (name: string, conditions: Given) => Where<Field>): Where<Field> => {
  if (!isGiven(filter)) return { _tag: "And", of: [] }
  const parts = Object.entries(filter).flatMap(([name, value]): ReadonlyArray<Where<Field>> => {
    if (value === null || value === undefined) return []
    if (name === "_and" || name === "_or") {
      return Array.isArray(value) ? [{ _tag: name === "_and" ? "And" : "Or", of: value.map((part: unknown) => whereOf(part, column)) }] : []
    }
    if (name === "_not") return [{ _tag: "Not", of: whereOf(value, column) }]
    return isGiven(value) ? [column(name, value)] : []
  })
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { _tag: "And", of: parts }
}

/** The operators of one column, as conditions on a field. */
export const conditionsOn = <Field extends string>(field: Field, conditions: Given, as: (value: unknown) => unknown = (value) => value): Where<Field> => {
  const of = Object.entries(conditions).flatMap(([name, given]): ReadonlyArray<Where<Field>> => {
    const op = operators[name]
    if (op === undefined || given === null || given === undefined) return []
    const value: unknown = op === "isNull" ? given : Array.isArray(given) ? given.map(as) : as(given)
    return [{ _tag: "Field", field, ...comparisonOf(op, value) }]
  })
  return { _tag: "And", of }
}
const comparisonOf = (op: Comparison["op"], value: unknown): Comparison => {
  switch (op) {
    case "isNull":
      return { op, value: value === true }
    case "contains":
    case "startsWith":
    case "endsWith":
      return { op, value: String(value) }
    case "in":
    case "notIn": {
      const list: ReadonlyArray<unknown> = Array.isArray(value) ? value : []
      const numbers = list.filter((one) => typeof one === "number")
      return { op, value: numbers.length === list.length && list.length > 0 ? numbers : list.map(String) }
    }
    default:
      return { op, value: typeof value === "number" || typeof value === "boolean" ? value : String(value) }
  }
}

/** The order that an argument states, in the order of the type's columns. `column` is undefined for one in which all rows are equal. */
export const orderOf = <Field extends string>(
  type: GraphQLInputObjectType,
  given: unknown,
  column: (name: string) => Field | undefined
): ReadonlyArray<OrderBy<Field>> =>
  isGiven(given)
    ? Object.keys(type.getFields()).flatMap((name) => {
        const direction = given[name]
        const field = column(name)
        return field !== undefined && (direction === "ASC" || direction === "DESC") ? [{ field, descending: direction === "DESC" }] : []
      })
    : []
