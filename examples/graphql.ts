// GraphQL over a store of one's own: answers one query as a request over HTTP would be.
import { ManagedRuntime } from "effect"
import { Viewer } from "han-core/Viewer"
import * as ChangeFeed from "han-graphql/ChangeFeed"
import * as Execution from "han-graphql/Execution"
import * as GraphqlContext from "han-graphql/GraphqlContext"
import * as GraphqlHttp from "han-graphql/GraphqlHttp"
import { makeSchema } from "han-graphql/Schema"
import * as SqliteStore from "han-sql/SqliteStore"

const [filename = ":memory:", query = "{ __typename }"] = process.argv.slice(2)

const services = ManagedRuntime.make(SqliteStore.layer({ filename }))
const runtime = await services.runtime()
const feeds = ChangeFeed.make(runtime)
const host = { version: "1.0.0", timeZone: "Europe/Berlin" }
const execution = Execution.make<typeof Viewer.Service>({
  schema: makeSchema(),
  contextOf: ({ viewer }) => GraphqlContext.make({ runtime, host, feeds, viewer }),
  joinedAs: ({ owner }) => owner
})
const http = GraphqlHttp.make({ execution })

const request = new Request("http://localhost/graphql", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query }) })
console.log(await (await http.handle(request, Viewer.local)).text())
await feeds.close()
await services.dispose()
