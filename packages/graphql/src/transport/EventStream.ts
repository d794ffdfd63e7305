import { type ExecutionResult, GraphQLError } from "graphql"

/** Results as server-sent events, as `graphql-sse` writes them in its mode of distinct connections: `next` for each, `complete` when there are no more. */
export interface Options {
  /** Milliseconds between comments that keep the connection open. A client that takes nothing for two of these spans is cut off. */
  readonly keepAliveMs: number
  /** Called once, however it ends. */
  readonly ended: () => void
}

const utf8 = new TextEncoder()

/** A stream that asks for the next result when the client has taken the one before; `close` ends it in good order. When the client goes, the results are ended. */
export const make = (
  results: AsyncGenerator<ExecutionResult>,
  options: Options
): { readonly stream: ReadableStream<Uint8Array>; readonly close: () => void } => {
  let timer: ReturnType<typeof setInterval> | undefined
  let blocked = 0
  let over = false
  const end = () => {
    if (over) return
    over = true
    clearInterval(timer)
    options.ended()
    // How its source ends is told to whoever counts them.
    results.return(undefined).catch(() => {})
  }
  let close = end
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        close = () => {
          if (over) return
          end()
          controller.enqueue(utf8.encode("event: complete\ndata:\n\n"))
          controller.close()
        }
        // Headers go out with the first bytes: who listens knows at once that the stream stands, however long nothing happens.
        controller.enqueue(utf8.encode(":\n\n"))
        timer = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0) {
            blocked = 0
            controller.enqueue(utf8.encode(":\n\n"))
          } else if (++blocked >= 2) {
            end()
            controller.error(new Error("the client takes nothing"))
          }
        }, options.keepAliveMs)
      },
      pull: async (controller) => {
        try {
          const { done, value } = await results.next()
          if (over) return
          if (done === true) return close()
          controller.enqueue(utf8.encode(`event: next\ndata: ${JSON.stringify(value)}\n\n`))
        } catch (error) {
          if (over) return
          // The results' own errors are fit to be shown.
          const shown = error instanceof GraphQLError ? error : new GraphQLError("internal error")
          controller.enqueue(utf8.encode(`event: next\ndata: ${JSON.stringify({ errors: [shown] })}\n\n`))
          close()
        }
      },
      cancel: end
    },
    { highWaterMark: 1 }
  )
  return { stream, close: () => close() }
}
