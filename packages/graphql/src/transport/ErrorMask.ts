import * as Cause from "effect/Cause"
import * as Runtime from "effect/Runtime"
import { type ExecutionResult, GraphQLError } from "graphql"

/** Told of what a client is not told: a defect, and the id under which the client can ask for it. */
export type OnDefect = (defect: unknown, id: string) => void

/** Tags of errors that print the value that they are about, or what a database said. */
const inner = new Set(["ParseError", "SqlError", "UnknownException"])

/**
 * The result with the errors that a client may see. Those of GraphQL itself and tagged ones (their tag becomes `extensions.code`) are shown as they are; of everything
 * else only that it happened, and an id.
 */
export const masked = (result: ExecutionResult, onDefect: OnDefect): ExecutionResult =>
  result.errors === undefined ? result : { ...result, errors: result.errors.map((error) => maskedError(error, onDefect)) }

export const maskedError = (error: unknown, onDefect: OnDefect): GraphQLError => {
  // What a resolver throws comes in an error of GraphQL's own that says where.
  const thrown = unwrapped(error instanceof GraphQLError ? error.originalError : error)
  if (error instanceof GraphQLError && (thrown === undefined || thrown instanceof GraphQLError)) return error
  if (thrown instanceof GraphQLError) return thrown
  const at = error instanceof GraphQLError ? { nodes: error.nodes, source: error.source, positions: error.positions, path: error.path } : {}
  if (isTold(thrown)) return new GraphQLError(thrown.message, { ...at, extensions: { code: thrown._tag } })
  const id = crypto.randomUUID()
  onDefect(thrown, id)
  return new GraphQLError("internal error", { ...at, extensions: { code: "INTERNAL", id } })
}

/** The error of an effect that was run as a promise. */
const unwrapped = (error: unknown): unknown => (Runtime.isFiberFailure(error) ? Cause.squash(error[Runtime.FiberFailureCauseId]) : error)

const isTold = (error: unknown): error is Error & { readonly _tag: string } =>
  error instanceof Error && "_tag" in error && typeof error._tag === "string" && !inner.has(error._tag)
