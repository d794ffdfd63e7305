import { Environment, type FetchFunction, type GraphQLResponse, Network, Observable, RecordSource, Store, type SubscribeFunction } from "relay-runtime"
import { Refused, SignedOut, Unreachable } from "./failures.ts"
import { socket } from "./link.ts"

interface Answer {
  readonly data?: unknown
  readonly errors?: ReadonlyArray<{ readonly message: string }>
}

const ask: FetchFunction = async ({ name, text }, variables) => {
  const response = await fetch("/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify({ operationName: name, query: text, variables })
  }).catch(() => {
    throw new Unreachable("han does not answer at this address")
  })
  if (response.status === 401) throw new SignedOut("this browser is not let in")
  const answer = (await response.json().catch(() => ({ errors: [{ message: `the server answered with status ${response.status}` }] }))) as Answer
  if (answer.errors !== undefined && answer.errors.length > 0) throw new Refused(answer.errors.map(({ message }) => message).join("\n"))
  return answer as GraphQLResponse
}

const listen: SubscribeFunction = ({ name, text }, variables) =>
  Observable.create<GraphQLResponse>((sink) =>
    socket.subscribe(
      { operationName: name, query: text ?? "", variables },
      {
        next: (result) => sink.next(result as GraphQLResponse),
        error: (error) => sink.error(error instanceof Error ? error : new Refused(messageOf(error))),
        complete: () => sink.complete()
      }
    )
  )

const messageOf = (error: unknown): string =>
  Array.isArray(error) ? error.map((one: { readonly message?: string }) => one.message ?? "unknown error").join("\n") : "the subscription ended"

export const environment = new Environment({
  network: Network.create(ask, listen),
  store: new Store(new RecordSource(), { gcReleaseBufferSize: 20 })
})
