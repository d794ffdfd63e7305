/**
 * GraphQL over HTTP: answers web requests for queries, mutations and, as event streams, subscriptions.
 *
 * @example
 * ```ts
 * import type * as Execution from "han-graphql/Execution"
 * import * as GraphqlHttp from "han-graphql/GraphqlHttp"
 *
 * const serve = (execution: Execution.Execution<string>, userOf: (token: string | null) => string | undefined) => {
 *   const http = GraphqlHttp.make({ execution, maxStreams: 20 })
 *   return (request: Request): Promise<Response> | Response => {
 *     const user = userOf(request.headers.get("authorization"))
 *     return user === undefined ? new Response(null, { status: 401 }) : http.handle(request, user)
 *   }
 * }
 * ```
 */

import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from "graphql"
import * as BoundedBody from "./BoundedBody.ts"
import * as EventStream from "./EventStream.ts"
import type { Asker, Execution, Operation } from "./Execution.ts"
import { Feed } from "./Feed.ts"
import { isJson, type MediaType, names, preferred } from "./MediaType.ts"
import * as RequestBody from "./RequestBody.ts"

/** An execution, and the limits of requests. */
export interface Options<Viewer> {
  readonly execution: Execution<Viewer>
  /** Bytes of a request at most; 1 MiB without. */
  readonly maxBodyBytes?: number | undefined
  /** Milliseconds that a request's body may take to come; 5,000 without. */
  readonly bodyTimeoutMs?: number | undefined
  readonly keepAliveMs?: number | undefined
  /** Streams of events that may be open at once; 100 without. */
  readonly maxStreams?: number | undefined
}

/** The HTTP side of one execution. */
export interface GraphqlHttp<Viewer> {
  /** The answer to a POST on behalf of `viewer`. Who may ask, and from where, was decided before. `signal` ends it, the request's own if absent. Never rejects. */
  readonly handle: (request: Request, viewer: Viewer, signal?: AbortSignal) => Promise<Response>
  /** Ends the streams that are open, in good order. */
  readonly close: () => void
}

/**
 * GraphQL over HTTP, for Bun and Node: one operation in a JSON object; `application/graphql-response+json` where the client names it, else `application/json`;
 * a subscription, or any operation on request, as `text/event-stream`.
 */
export const make = <Viewer>(options: Options<Viewer>): GraphqlHttp<Viewer> => {
  const { execution } = options
  const limits = { maxBytes: options.maxBodyBytes ?? 1024 * 1024, timeoutMs: options.bodyTimeoutMs ?? 5000 }
  const maxStreams = options.maxStreams ?? 100
  const streams = new Set<() => void>()

  const streamed = (results: AsyncGenerator<ExecutionResult>): Response => {
    const { close, stream } = EventStream.make(results, { keepAliveMs: options.keepAliveMs ?? 10_000, ended: () => streams.delete(close) })
    streams.add(close)
    return new Response(stream, { headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" } })
  }

  const run = async (operation: Operation<Viewer>, asker: Asker<Viewer>, media: MediaType): Promise<Response> => {
    if (media !== "text/event-stream") return answer(await operation.execute(asker), media)
    if (streams.size >= maxStreams) return refusal(503, `there are ${maxStreams} streams of events already; end some, or use a WebSocket`, media)
    if (operation.type !== "subscription") return streamed(once(operation.execute(asker)))
    const feed = await operation.subscribe(asker)
    return feed instanceof Feed ? streamed(feed) : answer(feed, "application/graphql-response+json")
  }

  const handle = async (request: Request, viewer: Viewer, signal: AbortSignal): Promise<Response> => {
    const asker = { viewer, signal }
    const accept = request.headers.get("accept")
    const media = preferred(accept, ["application/json", "application/graphql-response+json", "text/event-stream"])
    if (request.method !== "POST") return refusal(405, "send a POST", media, { allow: "POST" })
    if (!isJson(request.headers.get("content-type"))) return refusal(415, "send application/json in UTF-8", media)
    if ((request.headers.get("content-encoding") ?? "identity") !== "identity") return refusal(415, "send it without a Content-Encoding", media)
    const body = await BoundedBody.read(request, limits)
    if (body === "too-large") return refusal(413, `the request is too large: at most ${limits.maxBytes} bytes`, media, { connection: "close" })
    if (body === "too-slow") return refusal(408, `the request's body did not come within ${limits.timeoutMs / 1000} s`, media, { connection: "close" })
    if (body === "broken") return refusal(400, "the request's body broke off", media, { connection: "close" })
    const asked = RequestBody.decode(body)
    if (typeof asked === "string") return refusal(400, asked, media)
    if (media === undefined) return refusal(406, "accept application/json, application/graphql-response+json or text/event-stream", media)
    const operation = execution.prepare(asked)
    if (!("execute" in operation)) return answer({ errors: operation }, media)
    if (operation.type !== "subscription") return run(operation, asker, media)
    if (!names(accept, "text/event-stream"))
      return answer({ errors: [new GraphQLError("a subscription needs a WebSocket, or a POST with `Accept: text/event-stream`")] }, media)
    return run(operation, asker, "text/event-stream")
  }

  return {
    handle: async (request, viewer, signal = request.signal) => {
      try {
        return await handle(request, viewer, signal)
      } catch (error) {
        // Nobody is there to read it.
        if (signal.aborted) return new Response(null, { status: 499 })
        return refusal(500, execution.masked(error), undefined)
      }
    },
    close: () => {
      for (const close of [...streams]) close()
    }
  }
}

/** The body of an answer to a request that no operation was found in. */
export const refusal = (
  status: number,
  error: string | GraphQLError,
  media: MediaType | undefined,
  headers: Readonly<Record<string, string>> = {}
): Response => {
  const errors: ReadonlyArray<GraphQLFormattedError> = [typeof error === "string" ? { message: error } : error.toJSON()]
  return written({ errors }, media === "application/graphql-response+json" ? media : "application/json", status, headers)
}

/**
 * An operation's result. As `application/json` it is 200 whatever happened, for clients that take every other status for a broken server; as
 * `application/graphql-response+json` a request that was refused is 400.
 */
const answer = (result: ExecutionResult, media: MediaType): Response =>
  written(result, media === "application/json" ? media : "application/graphql-response+json", "data" in result || media === "application/json" ? 200 : 400, {})

const written = (value: object, media: MediaType, status: number, headers: Readonly<Record<string, string>>): Response =>
  new Response(JSON.stringify(value), { status, headers: { ...headers, "content-type": `${media}; charset=utf-8`, "cache-control": "no-store" } })

async function* once(result: Promise<ExecutionResult>): AsyncGenerator<ExecutionResult, undefined, undefined> {
  yield await result
}
