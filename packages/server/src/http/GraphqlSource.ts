import type * as Runtime from "effect/Runtime"
import type { GraphqlRequirements } from "han-graphql/GraphqlRequirements"
import { version } from "han-rpc/Version"
import type { GraphqlSource } from "./HttpServer.ts"

/** han's schema over the coordinator's own services, loaded when it is first asked for. Days are those of this machine's time zone. */
export const load = async (runtime: Runtime.Runtime<GraphqlRequirements>): Promise<GraphqlSource> => {
  const [{ schema }, GraphqlContext, ChangeFeed] = await Promise.all([
    import("han-graphql/Schema"),
    import("han-graphql/GraphqlContext"),
    import("han-graphql/ChangeFeed")
  ])
  const host = { version, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone }
  const live = ChangeFeed.make(runtime)
  return { schema, contextOf: () => GraphqlContext.make(runtime, host, live) }
}
