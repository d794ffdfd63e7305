import { Environment, type FetchFunction, type GraphQLResponse, Network, Observable, RecordSource, Store, type SubscribeFunction } from "relay-runtime"
import { Refused, SignedOut, Unreachable } from "./failures.ts"
import { socket } from "./link.ts"

interface Answer {
  readonly data?: unknown
  readonly errors?: ReadonlyArray<{ readonly message: string; readonly extensions?: { readonly code?: string } }>
}

/** What a team server wants from a page of its own beside the cookie; a coordinator asks for none. */
let csrf: string | undefined

const post = async (body: string): Promise<{ readonly status: number; readonly answer: Answer }> => {
  const response = await fetch("/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: { accept: "application/json", "content-type": "application/json", ...(csrf !== undefined && { "han-csrf": csrf }) },
    body
  }).catch(() => {
    throw new Unreachable("han does not answer at this address")
  })
  const answer = (await response.json().catch(() => ({ errors: [{ message: `the server answered with status ${response.status}` }] }))) as Answer
  return { status: response.status, answer }
}

const codeOf = ({ errors }: Answer) => errors?.[0]?.extensions?.code

const ask: FetchFunction = async ({ name, text }, variables) => {
  const body = JSON.stringify({ operationName: name, query: text, variables })
  let { answer, status } = await post(body)
  if (status === 403 && codeOf(answer) === "forged_request") {
    const session = (await fetch("/auth/session", { credentials: "same-origin" }).then((response) => response.json())) as { readonly csrf?: string }
    csrf = session.csrf
    ;({ answer, status } = await post(body))
  }
  if (status === 401) throw new SignedOut("this browser is not let in", codeOf(answer) === "signed_out")
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
