import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import type { Comparison, Where } from "han-core/Where"
import { anyOf, storable } from "./Database.ts"

/** Gives the column of a field that a statement asks about. */
export type ColumnOf<Field extends string> = (field: Field) => Fragment

/** A condition as SQL, with SQL's own idea of null. */
export const whereSql = <Field extends string>(sql: SqlClient.SqlClient, where: Where<Field> | undefined, columnOf: ColumnOf<Field>): Fragment => {
  if (where === undefined) return sql`1 = 1`
  switch (where._tag) {
    case "And":
      return where.of.length === 0 ? sql`1 = 1` : sql`(${sql.and(where.of.map((part) => whereSql(sql, part, columnOf)))})`
    case "Or":
      return where.of.length === 0 ? sql`1 = 0` : sql`(${sql.or(where.of.map((part) => whereSql(sql, part, columnOf)))})`
    case "Not":
      return sql`NOT (${whereSql(sql, where.of, columnOf)})`
    case "Field":
      return comparison(sql, columnOf(where.field), where)
  }
}

const comparison = (sql: SqlClient.SqlClient, column: Fragment, by: Comparison): Fragment => {
  switch (by.op) {
    case "isNull":
      return by.value ? sql`${column} IS NULL` : sql`${column} IS NOT NULL`
    case "in":
      return by.value.length === 0 ? sql`1 = 0` : sql`${column} ${anyOf(sql, by.value)}`
    case "notIn":
      return by.value.length === 0 ? sql`1 = 1` : sql`NOT (${column} ${anyOf(sql, by.value)})`
    // No LIKE: it has wildcards, and SQLite's ignores case.
    case "contains": {
      const part = storable(by.value)
      return sql.onDialectOrElse({ pg: () => sql`strpos(${column}, ${part}) > 0`, orElse: () => sql`instr(${column}, ${part}) > 0` })
    }
    case "startsWith": {
      const part = storable(by.value)
      return sql`substr(${column}, 1, length(${text(sql, part)})) = ${part}`
    }
    case "endsWith": {
      const part = storable(by.value)
      return sql`(length(${column}) >= length(${text(sql, part)}) AND substr(${column}, length(${column}) - length(${text(sql, part)}) + 1) = ${part})`
    }
    default: {
      const value = typeof by.value === "boolean" ? Number(by.value) : typeof by.value === "string" ? storable(by.value) : by.value
      // Texts by their characters' numbers, whatever order the database was made with.
      const plain = typeof value === "string" && by.op !== "eq" && by.op !== "ne"
      const order = sql.literal(sql.onDialectOrElse({ pg: () => (plain ? 'COLLATE "C"' : ""), orElse: () => "" }))
      return sql`${column} ${order} ${sql.literal(operators[by.op])} ${value}`
    }
  }
}
const operators = { eq: "=", ne: "<>", gt: ">", gte: ">=", lt: "<", lte: "<=" } as const
/** PostgreSQL does not know the type of a bare parameter inside a function. */
const text = (sql: SqlClient.SqlClient, value: string): Fragment => sql.onDialectOrElse({ pg: () => sql`${value}::text`, orElse: () => sql`${value}` })
