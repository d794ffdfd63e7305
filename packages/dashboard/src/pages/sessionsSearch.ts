/** The columns by which the list is ordered, beside the latest activity. */
export const orders = ["cost", "messages", "started", "errors"] as const
export type Order = (typeof orders)[number]

export const states = ["active", "idle", "completed"] as const
export type State = (typeof states)[number]

/** Hours back from now. */
export const spans = { "24h": 24, "7d": 7 * 24, "30d": 30 * 24, "90d": 90 * 24 } as const
export type Span = keyof typeof spans

/** The filters of the list, as the address has them. */
export interface SessionsSearch {
  readonly q?: string | undefined
  readonly state?: State | undefined
  readonly project?: string | undefined
  readonly branch?: string | undefined
  readonly model?: string | undefined
  readonly since?: Span | undefined
  readonly errors?: true | undefined
  readonly sort?: Order | undefined
  readonly up?: true | undefined
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined)
const among = <A extends string>(all: ReadonlyArray<A>, value: unknown): A | undefined => all.find((one) => one === value)
const flag = (value: unknown): true | undefined => (value === true || value === "true" ? true : undefined)

/** Reads them; what is none of them is left out. */
export const sessionsSearch = (search: Record<string, unknown>): SessionsSearch => ({
  q: text(search["q"]),
  state: among(states, search["state"]),
  project: text(search["project"]),
  branch: text(search["branch"]),
  model: text(search["model"]),
  since: among(Object.keys(spans) as ReadonlyArray<Span>, search["since"]),
  errors: flag(search["errors"]),
  sort: among(orders, search["sort"]),
  up: flag(search["up"])
})

/** The conditions for the server. `now`: milliseconds since 1970, to the minute, so that the same list stays the same question. */
export const filterOf = (search: SessionsSearch, now: number) => {
  const q = search.q
  return {
    ...(q !== undefined && {
      _or: [...new Set([q, q.toLowerCase(), `${q.slice(0, 1).toUpperCase()}${q.slice(1)}`])].map((_contains) => ({ title: { _contains } }))
    }),
    ...(search.state !== undefined && { status: { _eq: search.state } }),
    ...(search.project !== undefined && { projectId: { _eq: search.project } }),
    ...(search.branch !== undefined && { gitBranch: { _eq: search.branch } }),
    ...(search.model !== undefined && { model: { _eq: search.model } }),
    ...(search.since !== undefined && { updatedAt: { _gte: new Date(now - spans[search.since] * 3_600_000).toISOString() } }),
    ...(search.errors === true && { toolErrorCount: { _gt: 0 } })
  }
}

export const orderOf = ({ sort, up }: SessionsSearch) => {
  const direction = up === true ? ("ASC" as const) : ("DESC" as const)
  switch (sort) {
    case "cost":
      return { estimatedCostUsd: direction }
    case "messages":
      return { messageCount: direction }
    case "started":
      return { startedAt: direction }
    case "errors":
      return { toolErrorCount: direction }
    default:
      return up === true ? { updatedAt: direction } : null
  }
}
