import type { OperationRequest } from "./Execution.ts"

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The operation that a JSON body asks for, or in words why it asks for none. Keys that are not known are left alone. */
export const decode = (body: Uint8Array): OperationRequest | string => {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(body))
  } catch {
    return "the body is no JSON in UTF-8"
  }
  return fromValue(value)
}

/** The same for a body that was parsed. */
export const fromValue = (value: unknown): OperationRequest | string => {
  if (Array.isArray(value)) return "batches are not served: send one operation a request"
  if (!isObject(value)) return "the body is no JSON object"
  const { extensions, operationName, query, variables } = value
  if (typeof query !== "string") return query === undefined || query === null ? '"query" is missing' : '"query" is no string'
  if (!isAbsent(operationName) && typeof operationName !== "string") return '"operationName" is no string'
  if (!isAbsent(variables) && !isObject(variables)) return '"variables" is no object'
  if (!isAbsent(extensions) && !isObject(extensions)) return '"extensions" is no object'
  return { query, operationName: isAbsent(operationName) ? null : operationName, variables: isAbsent(variables) ? null : variables }
}

const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value)
