import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Han } from "han-rpc/HanPromise"
import { afterAll, beforeAll } from "vitest"
import { type Place, started } from "../coordinators.ts"
import { allDocuments, compiled, ourSchema } from "./project.ts"
import { type Options, type RelayClient, relayClient } from "./RelayClient.ts"

export interface Served<A> {
  readonly workspace: A
  readonly han: Han
  readonly client: RelayClient
  /** Another client, with a store of its own. */
  readonly another: (transport: Options["transport"]) => RelayClient
}

/** A coordinator of a suite, as a process of its own over real files, and a Relay client of it; everything is indexed. To be asked for within tests. */
export const serving = <A extends { readonly place: Place }>(workspace: Effect.Effect<A, never, Scope.Scope>): (() => Served<A>) => {
  const scope = Effect.runSync(Scope.make())
  let served: Served<A> | undefined
  const clients: Array<RelayClient> = []
  beforeAll(async () => {
    const project = compiled(allDocuments, ourSchema)
    const here = await Effect.runPromise(Scope.extend(workspace, scope))
    const { han } = await Effect.runPromise(Scope.extend(started(here.place, { argv: ["serve", "--port", "0"] }), scope))
    await han.index()
    const read = (name: string) => Fs.readFileSync(Path.join(here.place.home, name), "utf8").trim()
    const another = (transport: Options["transport"]) => {
      const client = relayClient({ project, port: Number(read("port")), token: read("token"), ...(transport !== undefined && { transport }) })
      clients.push(client)
      return client
    }
    served = { workspace: here, han, client: another("http"), another }
  })
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()))
    await Effect.runPromise(Scope.close(scope, Exit.void))
  })
  return () => {
    if (served === undefined) throw new Error("the coordinator is not there yet")
    return served
  }
}

/** The same coordinator, asked by a client that has seen nothing yet. */
export const withOwnClient = <A>(served: () => Served<A>): (() => Served<A>) => {
  let own: Served<A> | undefined
  return () => (own ??= { ...served(), client: served().another("http") })
}
