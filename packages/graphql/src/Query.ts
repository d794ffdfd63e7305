import * as Effect from "effect/Effect"
import { GraphQLID, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString } from "graphql"
import { Messages } from "han-core/Messages"
import { type Project, reposOf } from "han-core/Project"
import { Search, type SearchQuery } from "han-core/Search"
import { SessionQueries } from "han-core/SessionQueries"
import { Sessions } from "han-core/Sessions"
import { Usage, type UsageQuery } from "han-core/Usage"
import { agentOf } from "./context/agentSessions.ts"
import { always, type Fields, field, flag, listOf, text } from "./context/Field.ts"
import type { GraphqlContext, MachineContext } from "./context/GraphqlContext.ts"
import type { SchemaParts } from "./context/SchemaParts.ts"
import { type HookRunsArgs, HookRunsType, hookRunsArgs, hookRunsOf } from "./hooks/HookRuns.ts"
import { Message } from "./messages/Message.ts"
import { ActivityData, activityOf } from "./numbers/ActivityData.ts"
import { type DashboardArgs, dashboardOf } from "./numbers/Dashboard.ts"
import { dashboardAnalytics } from "./numbers/DashboardAnalytics.ts"
import { MetricsData, metricsOf } from "./numbers/MetricsData.ts"
import { type TeamArgs, TeamMetrics, teamMetricsOf } from "./numbers/TeamMetrics.ts"
import {
  chosen,
  ProjectFilter,
  ProjectOrderBy,
  projectCondition,
  projectField,
  projectType,
  RepoFilter,
  RepoOrderBy,
  repoCondition,
  repoField,
  repoFor,
  repoType
} from "./projects/Projects.ts"
import { instantOf, timeZoneOf } from "./relay/ArgumentDates.ts"
import { connectionOf, notNegative, type PageArgs, pageArgs, pageOf } from "./relay/Connection.ts"
import { Granularity, MetricsPeriod } from "./relay/Enums.ts"
import { listArgs, orderOf, whereOf } from "./relay/Filters.ts"
import { rawIdOf, sessionIdOf } from "./relay/GlobalId.ts"
import { Int } from "./relay/Int.ts"
import { nodeField } from "./relay/Node.ts"
import { IndexProblemType } from "./sessions/IndexProblems.ts"
import { MessageKindType } from "./sessions/MessageKinds.ts"
import { MessageRoleType, SearchOrder, searchHitConnection } from "./sessions/SearchHits.ts"
import { SessionFilter, SessionOrderBy, sessionColumn, sessionCondition } from "./sessions/SessionFilter.ts"
import { sessionConnection, sessionType } from "./sessions/SessionType.ts"
import { UsageBy, UsageReportType } from "./usage/UsageReport.ts"
import { authorOf, personOf } from "./workspace/Person.ts"
import { workspaceFields } from "./workspace/WorkspaceType.ts"

const CoordinatorStatus = new GraphQLObjectType({
  name: "CoordinatorStatus",
  description: "The program that answers.",
  fields: {
    version: always(text("Its version.")),
    needsRestart: always(flag("Whether the client that asks is of a newer version than the program: it should be started again."))
  }
})

const string = (description: string) => ({ type: GraphQLString, description })
const projectArgs = {
  projectId: string("Only this project, by its `projectId` or `id`; none or empty for all."),
  repoId: string("Only this repository, by its `repoId` or `id`; none or empty for all.")
}
const authorArg = { author: string("Only sessions of this person, by `id` or `personId`; none or empty for all.") }
const scopeArgs = { ...projectArgs, ...authorArg }
const daysArg = { type: Int, description: "How many days before today; 30 without." }
const listSize = 20

interface ListArgs {
  readonly first?: number | null
  readonly filter?: unknown
  readonly orderBy?: unknown
}
const firstOf = <A>(rows: ReadonlyArray<A>, first: number) => rows.slice(0, first)
/** The session that an id means, and of it the subagent whose id it is; nothing without one. */
const conversationOf = async (id: string | null | undefined, { session }: GraphqlContext["loaders"]) => {
  if (id == null) return {}
  const found = await session.load(sessionIdOf(id))
  const agent = found === null ? null : agentOf(found)
  return agent === null ? { sessionId: sessionIdOf(id) } : { sessionId: agent.sessionId, agentId: agent.id }
}
const projectRows = async (context: GraphqlContext): Promise<ReadonlyArray<Project>> => context.loaders.projects()

/** `1.10.0` is newer than `1.9.2`; what is no version is not newer than anything. */
const isNewer = (a: string, b: string): boolean => {
  const parts = (version: string) => /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  const [left, right] = [parts(a), parts(b)]
  if (left === undefined || right === undefined) return false
  const place = left.findIndex((part, index) => part !== right[index])
  return place >= 0 && (left[place] ?? 0) > (right[place] ?? 0)
}

interface SearchArgs extends PageArgs {
  readonly text: string
  readonly order?: SearchQuery["order"] | null
  readonly sessionId?: string | null
  readonly project?: string | null
  readonly author?: string | null
  readonly role?: SearchQuery["role"] | null
  readonly kinds?: SearchQuery["kinds"] | null
  readonly since?: string | null
  readonly until?: string | null
}
interface UsageArgs {
  readonly by: UsageQuery["by"]
  readonly since?: string | null
  readonly until?: string | null
  readonly sessionId?: string | null
  readonly project?: string | null
  readonly author?: string | null
  readonly timeZone?: string | null
}

const searchFor = async (args: SearchArgs, { host, loaders, run }: GraphqlContext) => {
  const request = pageOf(args, listSize)
  const since = instantOf("since", args.since, host.timeZone)
  const until = instantOf("until", args.until, host.timeZone)
  const query: SearchQuery = {
    text: args.text,
    ...(args.order != null && { order: args.order }),
    ...(await conversationOf(args.sessionId, loaders)),
    ...(args.project != null && { project: args.project }),
    ...authorOf(args.author),
    ...(args.role != null && { role: args.role }),
    ...(args.kinds != null && { kinds: args.kinds }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until })
  }
  const page = await run(Effect.flatMap(Search, (search) => search.messages(query, request)))
  return connectionOf(page, () => run(Effect.flatMap(Search, (search) => search.count(query))))
}

const usageOf = async (args: UsageArgs, context: GraphqlContext) => {
  const { host, loaders, run } = context
  const timeZone = timeZoneOf("timeZone", args.timeZone) ?? host.timeZone
  const since = instantOf("since", args.since, timeZone)
  const until = instantOf("until", args.until, timeZone)
  const conversation = await conversationOf(args.sessionId, loaders)
  const report = await run(
    Effect.flatMap(Usage, (usage) =>
      usage.report({
        by: args.by,
        timeZone,
        ...(since !== undefined && { since }),
        ...(until !== undefined && { until }),
        ...conversation,
        ...(args.project != null && { project: rawIdOf("Repo", rawIdOf("Project", args.project)) }),
        ...authorOf(args.author)
      })
    )
  )
  if (args.by !== "author") return report
  // The ledger knows people by their ids alone.
  const rows = await Promise.all(report.rows.map(async (row) => ({ ...row, label: (await personOf(row.key, context))?.name ?? row.label })))
  return { ...report, rows }
}

/** Fields whose types are the same in every schema. */
const plain: Fields<unknown> = {
  node: {
    ...nodeField,
    description: "Anything that has an `id` and is a `Node`; null when it is not there.",
    args: {
      id: {
        type: new GraphQLNonNull(GraphQLID),
        description: "Its id; of sessions also without the directory. `Session:` and the `agentId` of a subagent means its conversation."
      }
    }
  },
  message: {
    ...field<unknown>(Message, "A message; null when it is not there.", async (_, { id }: { readonly id: string }, { access, loaders, run }) => {
      const line = await run(Effect.flatMap(Messages, (messages) => messages.get(rawIdOf("Message", id))))
      const session = line === null || access.viewed === undefined ? null : await loaders.session.load(line.message.sessionId)
      if (session !== null) access.viewed?.(session)
      return line
    }),
    args: { id: { type: new GraphQLNonNull(GraphQLString), description: "Its uuid or id." } }
  },
  usage: {
    ...field<unknown>(
      new GraphQLNonNull(UsageReportType),
      "The ledger of API responses: each counted once, whatever lines, forks and resumes repeat it.",
      (_, args: UsageArgs, context) => usageOf(args, context)
    ),
    args: {
      by: { type: new GraphQLNonNull(UsageBy), description: "What a row stands for." },
      since: string("Only responses from then on, to the quarter of an hour: an instant, or a day of that time zone."),
      until: string("Only responses before, to the quarter of an hour: an instant, or a day."),
      sessionId: string("Only this session and its subagents, or only this subagent; an error for one that is not there."),
      ...authorArg,
      project: string(
        "Only sessions of a project, by its `projectId` or `id`, or all that have this directory, name or remote, or this `repoId`; an error when there is none."
      ),
      timeZone: string("Whose days are meant, e.g. `Europe/Berlin`; the server's without.")
    }
  },
  indexProblems: {
    ...listOf<unknown>(
      IndexProblemType,
      "Lines of transcripts that could not be understood, the newest first.",
      (_, { first }: { readonly first?: number | null }, { run }) => {
        const limit = Math.min(notNegative("first", first) ?? 100, 1000)
        return run(Effect.flatMap(Sessions, (sessions) => sessions.problems({ limit })))
      }
    ),
    args: { first: { type: Int, description: "At most so many; 100 without." } }
  },
  hookExecutions: {
    ...field<unknown>(HookRunsType, "Runs of hooks of all sessions, the newest first, those that are under way among them.", (_, args: HookRunsArgs, context) =>
      hookRunsOf(args, context)
    ),
    args: hookRunsArgs
  },
  coordinatorStatus: {
    ...field<unknown>(
      new GraphQLNonNull(CoordinatorStatus),
      "The program that answers.",
      (_, { clientVersion }: { readonly clientVersion?: string | null }, { host }) => ({
        version: host.version,
        needsRestart: clientVersion != null && isNewer(clientVersion, host.version)
      })
    ),
    args: { clientVersion: string("The version of the client that asks.") }
  },
  metrics: {
    ...field<unknown>(MetricsData, "Tasks and moods of a time.", (_, args: Parameters<typeof metricsOf>[0], context) => metricsOf(args, context)),
    args: { period: { type: MetricsPeriod, description: "How far back; all time without." }, ...scopeArgs }
  },
  activity: {
    ...field<unknown>(ActivityData, "What happened in the last days.", (_, args: Parameters<typeof activityOf>[0], context) => activityOf(args, context)),
    args: { days: daysArg, ...scopeArgs }
  },
  teamMetrics: {
    ...field<unknown>(TeamMetrics, "A time in numbers.", (_, args: TeamArgs, context) => teamMetricsOf(args, context)),
    args: {
      startDate: string("The first day; from the beginning without."),
      endDate: string("The last day; up to now without."),
      granularity: { type: Granularity, description: "How long a period is; a day without." },
      projectIds: { type: new GraphQLList(new GraphQLNonNull(GraphQLString)), description: "Only these projects; none or an empty list for all." },
      ...scopeArgs
    }
  }
}

const sessionFields = (parts: SchemaParts): Fields<unknown> => ({
  session: {
    ...field<unknown>(
      sessionType(parts),
      "A session, or a subagent's conversation as one; null when it is not there.",
      (_, { id }: { readonly id: string }, { loaders }) => loaders.session.load(sessionIdOf(id))
    ),
    args: { id: { type: new GraphQLNonNull(GraphQLString), description: "Its `sessionId` or `id`, or a subagent's `agentId`." } }
  },
  sessions: {
    ...field<unknown>(
      new GraphQLNonNull(sessionConnection(parts).connection),
      "Sessions, the latest activity first.",
      async (_, args: PageArgs & ListArgs, { loaders, run }) => {
        const request = pageOf(args, listSize)
        const projects = args.filter == null ? [] : await loaders.projects()
        const query = {
          where: whereOf(args.filter, sessionCondition(projects)),
          orderBy: orderOf(SessionOrderBy, args.orderBy, sessionColumn)
        }
        const page = await run(Effect.flatMap(SessionQueries, (sessions) => sessions.find(query, request)))
        return connectionOf(page, () => run(Effect.flatMap(SessionQueries, (sessions) => sessions.countFound(query))))
      }
    ),
    args: { ...pageArgs, ...listArgs(SessionFilter, SessionOrderBy) }
  },
  search: {
    ...field<unknown>(new GraphQLNonNull(searchHitConnection(parts)), "Messages of all sessions in which words occur.", (_, args: SearchArgs, context) =>
      searchFor(args, context)
    ),
    args: {
      text: {
        type: new GraphQLNonNull(GraphQLString),
        description: 'Words that must all occur; `"quoted words"` side by side, `word*` a beginning, `-word` must not.'
      },
      ...pageArgs,
      order: { type: SearchOrder, description: "The newest first without." },
      sessionId: string("Only this session and its subagents, or only this subagent."),
      project: string("Only sessions of this project's name, directory or remote."),
      ...authorArg,
      role: { type: MessageRoleType, description: "Only what this one said." },
      kinds: { type: new GraphQLList(new GraphQLNonNull(MessageKindType)), description: "Only these; without it all but `HAN`." },
      since: string("Only from then on: an instant like `2026-11-22T10:00:00Z`, or a day in the server's time zone."),
      until: string("Only before: an instant, or a day.")
    }
  }
})

const projectFields = (parts: SchemaParts): Fields<unknown> => ({
  projects: {
    ...field<unknown>(
      new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(projectType(parts)))),
      "Projects, the latest activity first.",
      async (_, args: ListArgs, context) => {
        const first = notNegative("first", args.first) ?? listSize
        return firstOf(
          chosen(
            await projectRows(context),
            whereOf(args.filter, projectCondition),
            orderOf(ProjectOrderBy, args.orderBy, (name) => name),
            projectField
          ),
          first
        )
      }
    ),
    args: { first: { type: Int, description: "At most so many; 20 without." }, ...listArgs(ProjectFilter, ProjectOrderBy) }
  },
  project: {
    ...field<unknown>(
      projectType(parts),
      "A project; null when it is not there.",
      async (_, { id }: { readonly id: string }, context) => (await projectRows(context)).find((project) => project.id === rawIdOf("Project", id)) ?? null
    ),
    args: { id: { type: new GraphQLNonNull(GraphQLString), description: "Its `projectId` or `id`." } }
  },
  repos: {
    ...field<unknown>(
      new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(repoType(parts)))),
      "Repositories, the latest activity first.",
      async (_, args: ListArgs, context) => {
        const first = notNegative("first", args.first) ?? listSize
        return firstOf(
          chosen(
            reposOf(await projectRows(context)),
            whereOf(args.filter, repoCondition),
            orderOf(RepoOrderBy, args.orderBy, (name) => name),
            repoField
          ),
          first
        )
      }
    ),
    args: { first: { type: Int, description: "At most so many; 20 without." }, ...listArgs(RepoFilter, RepoOrderBy) }
  },
  repo: {
    ...field<unknown>(repoType(parts), "A repository; null when it is not there.", async (_, { id }: { readonly id: string }, context) =>
      repoFor(id, await projectRows(context))
    ),
    args: { id: { type: new GraphQLNonNull(GraphQLString), description: "Its `repoId` or `id`, or those of one of its projects." } }
  },
  dashboardAnalytics: {
    ...field<unknown>(dashboardAnalytics(parts), "The last days in numbers.", (_, args: DashboardArgs, context) => dashboardOf(args, context)),
    args: { days: daysArg, subscriptionTier: { type: Int, description: "Dollars a month of the subscription to compare with." }, ...scopeArgs }
  }
})

export const queryRoot = (parts: SchemaParts) =>
  new GraphQLObjectType<unknown, MachineContext>({
    name: "Query",
    description: "What there is now.",
    fields: { ...plain, ...workspaceFields, ...sessionFields(parts), ...projectFields(parts), ...parts.machine?.query }
  })
