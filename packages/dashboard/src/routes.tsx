import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router"
import { Frame } from "./frame/Frame.tsx"
import { Nothing } from "./frame/Problem.tsx"
import { SessionsPage } from "./pages/SessionsPage.tsx"
import { sessionsSearch } from "./pages/sessionsSearch.ts"

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined)

interface SessionSearch {
  readonly tab?: string | undefined
  readonly at?: string | undefined
}
interface SearchSearch {
  readonly q?: string | undefined
  readonly order?: "rank" | undefined
  readonly project?: string | undefined
  readonly who?: string | undefined
  readonly since?: string | undefined
}
interface GatesSearch {
  readonly failed?: true | undefined
  readonly hook?: string | undefined
}

const root = createRootRoute({
  component: Frame,
  notFoundComponent: () => <Nothing title="There is no page here">The address may be of another version of han. The pages stand above.</Nothing>
})
const sessions = createRoute({ getParentRoute: () => root, path: "/", validateSearch: sessionsSearch, component: SessionsPage })
const session = createRoute({
  getParentRoute: () => root,
  path: "/s/$id",
  validateSearch: (search: Record<string, unknown>): SessionSearch => ({ tab: text(search["tab"]), at: text(search["at"]) }),
  component: lazyRouteComponent(() => import("./pages/SessionPage.tsx"), "SessionPage")
})
const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: (search: Record<string, unknown>): SearchSearch => ({
    q: text(search["q"]),
    order: search["order"] === "rank" ? "rank" : undefined,
    project: text(search["project"]),
    who: text(search["who"]),
    since: text(search["since"])
  }),
  component: lazyRouteComponent(() => import("./pages/SearchPage.tsx"), "SearchPage")
})
const usage = createRoute({
  getParentRoute: () => root,
  path: "/usage",
  validateSearch: (search: Record<string, unknown>): { readonly days?: number | undefined } => {
    const days = Number(search["days"])
    return { days: Number.isInteger(days) && days > 0 && days <= 3650 ? days : undefined }
  },
  component: lazyRouteComponent(() => import("./pages/UsagePage.tsx"), "UsagePage")
})
const gates = createRoute({
  getParentRoute: () => root,
  path: "/gates",
  validateSearch: (search: Record<string, unknown>): GatesSearch => ({
    failed: search["failed"] === true || search["failed"] === "true" ? true : undefined,
    hook: text(search["hook"])
  }),
  component: lazyRouteComponent(() => import("./pages/GatesPage.tsx"), "GatesPage")
})
const projects = createRoute({
  getParentRoute: () => root,
  path: "/projects",
  component: lazyRouteComponent(() => import("./pages/ProjectsPage.tsx"), "ProjectsPage")
})
const project = createRoute({
  getParentRoute: () => root,
  path: "/p/$id",
  component: lazyRouteComponent(() => import("./pages/ProjectPage.tsx"), "ProjectPage")
})
const sync = createRoute({ getParentRoute: () => root, path: "/sync", component: lazyRouteComponent(() => import("./pages/SyncPage.tsx"), "SyncPage") })
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/SettingsPage.tsx"), "SettingsPage")
})

export const router = createRouter({
  routeTree: root.addChildren([sessions, session, search, usage, gates, projects, project, sync, settings]),
  defaultPreload: "intent"
})

declare module "@tanstack/react-router" {
  interface Register {
    readonly router: typeof router
  }
}
