import { isObject } from "./lineRecord.ts"

/** Deeper than any real record, and far from the end of the stack. */
const deepest = 100

/** JSON to read: two spaces, the keys of every object in the order of their code units. What is nested deeper than 100 levels is `null`. */
export const prettyJson = (value: unknown): string => written(value, 0)

const written = (value: unknown, depth: number): string => {
  if (depth > deepest) return "null"
  if (Array.isArray(value))
    return block(
      "[",
      value.map((item) => written(item, depth + 1)),
      "]",
      depth
    )
  if (isObject(value))
    return block(
      "{",
      Object.keys(value)
        .sort()
        .map((key) => `${JSON.stringify(key)}: ${written(value[key], depth + 1)}`),
      "}",
      depth
    )
  return JSON.stringify(value) ?? "null"
}

const block = (open: string, parts: ReadonlyArray<string>, close: string, depth: number): string => {
  if (parts.length === 0) return `${open}${close}`
  const indent = "  ".repeat(depth)
  return `${open}\n${indent}  ${parts.join(`,\n${indent}  `)}\n${indent}${close}`
}
