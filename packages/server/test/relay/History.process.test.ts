import { beforeAll, describe } from "vitest"
import { until } from "../httpClient.ts"
import { dashboardSuite } from "./DashboardSuite.ts"
import { mutationSuite } from "./MutationSuite.ts"
import type { JsonObject } from "./normalized.ts"
import { pageSuite } from "./PageSuite.ts"
import { sessionSuite } from "./SessionSuite.ts"
import { serving, withOwnClient } from "./serving.ts"
import { workspace } from "./workspace.ts"

const served = serving(workspace)

// git is asked in the background, and changes names.
beforeAll(async () => {
  await until("the repository of three projects", async () => {
    const { repos } = await served().client.query<{ readonly repos: ReadonlyArray<{ readonly projects: ReadonlyArray<JsonObject> }> }>("RepoListPageQuery", {})
    return repos[0]?.projects.length === 3
  })
})

describe("sessions", () => sessionSuite(withOwnClient(served)))
describe("lists", () => pageSuite(withOwnClient(served)))
describe("dashboards", () => dashboardSuite(withOwnClient(served)))
describe("changes", () => mutationSuite(withOwnClient(served)))
