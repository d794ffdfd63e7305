import type * as Runtime from "effect/Runtime"
import type { GraphqlRequirements, MachineRequirements } from "han-graphql/GraphqlRequirements"
import { version } from "han-rpc/Version"
import type { GraphqlSource } from "./HttpServer.ts"

/** han's schema over the coordinator's own services, loaded when it is first asked for. Days are those of this machine's time zone. */
export const load = async (runtime: Runtime.Runtime<GraphqlRequirements | MachineRequirements>): Promise<GraphqlSource> => {
  const [{ makeSchema }, { machine }, GraphqlContext, ChangeFeed] = await Promise.all([
    import("han-graphql/Schema"),
    import("han-graphql/Machine"),
    import("han-graphql/GraphqlContext"),
    import("han-graphql/ChangeFeed")
  ])
  const host = { version, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone }
  const feeds = ChangeFeed.make(runtime)
  return { schema: makeSchema({ machine }), contextOf: ({ viewer }) => GraphqlContext.make({ runtime, host, feeds, viewer }) }
}
