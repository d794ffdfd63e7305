import { createClient } from "graphql-ws"
import {
  commitMutation,
  createOperationDescriptor,
  type Disposable,
  Environment,
  type FetchFunction,
  type FragmentType,
  fetchQuery,
  type GraphQLResponse,
  getPaginationMetadata,
  getPaginationVariables,
  getSingularSelector,
  getValueAtPath,
  Network,
  Observable,
  type OperationDescriptor,
  RecordSource,
  requestSubscription,
  Store,
  type SubscribeFunction,
  type Variables
} from "relay-runtime"
import { differencesOf, type JsonObject } from "./normalized.ts"
import type { Compiled } from "./project.ts"

/** What was sent and what came back. */
export interface Exchange {
  readonly operation: OperationDescriptor
  readonly data: JsonObject
}

export interface Subscribed {
  /** Payloads of the root field, in their order. */
  readonly events: ReadonlyArray<JsonObject>
  readonly errors: ReadonlyArray<unknown>
  readonly dispose: () => void
}

/** A dashboard without a page: its documents, its store, its network. */
export interface RelayClient {
  readonly environment: Environment
  /** Asks the server, whatever is in the store, and reads the answer with all its fragments. Fails with the errors of the answer, should it have any. */
  readonly query: <A>(name: string, variables?: Variables) => Promise<A>
  /** The same as a page has it: what fragments ask for can only be read by these. */
  readonly open: (name: string, variables?: Variables) => Promise<JsonObject>
  readonly mutate: <A>(name: string, variables: Variables) => Promise<A>
  /** What a component reads that was handed the fragment, with all fragments in it. Fails when something is missing. */
  readonly read: <A>(fragment: string, of: unknown) => A
  /** What `loadNext` and `loadPrevious` of a paginated component do. Whether there was anything to load. */
  readonly loadMore: (fragment: string, of: unknown, direction: "forward" | "backward", count: number) => Promise<boolean>
  readonly subscribe: (name: string, variables: Variables) => Subscribed
  /** Every record with a server's id: its type. */
  readonly records: () => ReadonlyMap<string, string>
  /** Where the store no longer has what an answer said. */
  readonly differences: () => ReadonlyArray<string>
  /** What Relay warned of, whomever it meant. */
  readonly warnings: ReadonlyArray<string>
  /** Messages of the socket so far, by kind. */
  readonly received: ReadonlyMap<string, number>
  readonly close: () => Promise<void>
}

export interface Options {
  readonly project: Compiled
  readonly port: number
  readonly token: string
  /** How queries and mutations travel; subscriptions always use the socket. */
  readonly transport?: "http" | "socket"
}

export const relayClient = ({ port, project, token, transport = "http" }: Options): RelayClient => {
  const received = new Map<string, number>()
  const socket = createClient({
    url: `ws://127.0.0.1:${port}/graphql`,
    connectionParams: { token },
    retryAttempts: 0,
    on: { message: ({ type }) => received.set(type, (received.get(type) ?? 0) + 1) }
  })
  const exchanges: Array<Exchange> = []
  const warnings: Array<string> = []
  let wire: GraphQLResponse | undefined

  const http: FetchFunction = async ({ name, text }, variables) => {
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: "POST",
      // As dashboards do; the server has nothing to send in parts.
      headers: {
        accept: "multipart/mixed;deferSpec=20220824,application/json",
        "content-type": "application/json",
        authorization: `Bearer ${token}`
      },
      body: JSON.stringify({ operationName: name, query: text, variables })
    })
    return complete(name, await response.json())
  }
  const overSocket: FetchFunction = async ({ name, text }, variables) => {
    for await (const result of socket.iterate({ operationName: name, query: text ?? "", variables })) return complete(name, result)
    throw new Error(`${name}: no answer`)
  }
  const complete = (name: string, answer: unknown): GraphQLResponse => {
    const response = answer as GraphQLResponse & { readonly errors?: ReadonlyArray<{ readonly message: string }> }
    if (response.errors !== undefined) throw new Error(`${name}: ${response.errors.map(({ message }) => message).join("\n")}`)
    wire = response
    return response
  }
  const listen: SubscribeFunction = ({ name, text }, variables) =>
    Observable.create<GraphQLResponse>((sink) =>
      socket.subscribe(
        { operationName: name, query: text ?? "", variables },
        { next: (result) => sink.next(result as GraphQLResponse), error: (error) => sink.error(toError(error)), complete: () => sink.complete() }
      )
    )

  const environment = new Environment({
    network: Network.create(transport === "http" ? http : overSocket, listen),
    store: new Store(new RecordSource())
  })
  const stopWatching = watchWarnings((warning) => warnings.push(warning))

  const requestOf = (name: string) => {
    const request = project.requests.get(name)
    if (request === undefined) throw new Error(`there is no operation ${name}`)
    return request
  }
  const fragmentOf = (name: string) => {
    const fragment = project.fragments.get(name)
    if (fragment === undefined) throw new Error(`there is no fragment ${name}`)
    return fragment
  }
  const selectorOf = (fragment: string, of: unknown) => {
    const selector = getSingularSelector(fragmentOf(fragment), of as FragmentType)
    if (selector == null) throw new Error(`nothing here was handed the fragment ${fragment}`)
    return selector
  }
  const fetched = async (operation: OperationDescriptor) => {
    // A page stays open: its records are not to be collected.
    environment.retain(operation)
    const data = await fetchQuery(environment, operation.request.node, operation.request.variables).toPromise()
    if (wire !== undefined && "data" in wire) exchanges.push({ operation, data: wire.data as JsonObject })
    return data
  }
  const masked = (fragment: string, of: unknown): JsonObject => {
    const { data, isMissingData } = environment.lookup(selectorOf(fragment, of))
    if (isMissingData) throw new Error(`the store lacks something that ${fragment} asks for`)
    return data as JsonObject
  }
  const whole = (data: unknown): unknown => {
    if (Array.isArray(data)) return data.map(whole)
    if (typeof data !== "object" || data === null) return data
    const { __fragmentOwner, __fragments, __id, ...own } = data as JsonObject
    const parts = Object.keys((__fragments ?? {}) as JsonObject).map((fragment) => whole(masked(fragment, data)) as JsonObject)
    return parts.reduce<unknown>(merged, Object.fromEntries(Object.entries(own).map(([name, value]) => [name, whole(value)])))
  }

  return {
    environment,
    query: async <A>(name: string, variables: Variables = {}) => whole(await fetched(createOperationDescriptor(requestOf(name), variables))) as A,
    open: async (name, variables = {}) => (await fetched(createOperationDescriptor(requestOf(name), variables))) as JsonObject,
    mutate: <A>(name: string, variables: Variables) =>
      new Promise<A>((resolve, reject) => {
        commitMutation(environment, { mutation: requestOf(name), variables, onCompleted: (data) => resolve(data as A), onError: reject })
      }),
    read: <A>(fragment: string, of: unknown) => whole(masked(fragment, of)) as A,
    loadMore: async (fragment, of, direction, count) => {
      const { connectionPathInFragmentData, identifierField, paginationMetadata, paginationRequest } = getPaginationMetadata(fragmentOf(fragment), "loadMore")
      const data = masked(fragment, of)
      const connection = getValueAtPath(data, connectionPathInFragmentData) as { readonly pageInfo: PageInfo }
      const { endCursor, hasNextPage, hasPreviousPage, startCursor } = connection.pageInfo
      const more = direction === "forward" ? hasNextPage : hasPreviousPage
      if (more !== true) return false
      const { owner, variables } = selectorOf(fragment, of)
      const cursor = direction === "forward" ? endCursor : startCursor
      const asked = getPaginationVariables(direction, count, cursor, { ...owner.variables, ...variables }, {}, paginationMetadata)
      if (identifierField != null) asked["id"] = data[identifierField]
      await fetched(createOperationDescriptor(paginationRequest, asked, { force: true }))
      return true
    },
    subscribe: (name, variables) => {
      const events: Array<JsonObject> = []
      const errors: Array<unknown> = []
      const subscription: Disposable = requestSubscription(environment, {
        subscription: requestOf(name),
        variables,
        onNext: (response) => {
          const [payload] = Object.values((response ?? {}) as Record<string, JsonObject>)
          if (payload !== undefined) events.push(whole(payload) as JsonObject)
        },
        onError: (error) => errors.push(error)
      })
      return { events, errors, dispose: () => subscription.dispose() }
    },
    records: () => {
      const source = environment.getStore().getSource()
      return new Map(
        source
          .getRecordIDs()
          .filter((id) => !id.startsWith("client:"))
          .map((id) => [id, String((source.get(id) as JsonObject | undefined)?.["__typename"])])
      )
    },
    differences: () => exchanges.flatMap(({ data, operation }) => differencesOf(environment.getStore().getSource(), operation, data)),
    warnings,
    received,
    close: async () => {
      stopWatching()
      await socket.dispose()
    }
  }
}

/** What several fragments read of one thing. */
const merged = (a: unknown, b: unknown): unknown => {
  if (Array.isArray(a) && Array.isArray(b)) return a.map((one, index) => merged(one, b[index]))
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return b === undefined ? a : b
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...names].map((name) => [name, merged((a as JsonObject)[name], (b as JsonObject)[name])]))
}

interface PageInfo {
  readonly endCursor?: string | null
  readonly hasNextPage?: boolean
  readonly startCursor?: string | null
  readonly hasPreviousPage?: boolean
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(JSON.stringify(error)))

const listeners = new Set<(warning: string) => void>()
let quiet: typeof console.error | undefined
/**
 * Relay warns on the console: of records with one id and two types, of fields that are missing, of one id with two values in an answer. It does not say whose they are: all
 * that are there hear them.
 */
const watchWarnings = (heard: (warning: string) => void): (() => void) => {
  listeners.add(heard)
  if (quiet === undefined) {
    const original = (quiet = console.error)
    console.error = (...parts: ReadonlyArray<unknown>) => {
      if (typeof parts[0] !== "string" || !parts[0].startsWith("Warning: ")) return original(...parts)
      for (const listener of listeners) listener(parts.map(String).join(" "))
    }
  }
  return () => {
    listeners.delete(heard)
    if (listeners.size > 0 || quiet === undefined) return
    console.error = quiet
    quiet = undefined
  }
}
