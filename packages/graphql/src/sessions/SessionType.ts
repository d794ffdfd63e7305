import * as Effect from "effect/Effect"
import { GraphQLNonNull, GraphQLObjectType, GraphQLString } from "graphql"
import type { SessionId } from "han-core/Entry"
import { MessageQueries } from "han-core/MessageQueries"
import type { SessionLink, Session as SessionRow } from "han-core/Session"
import { Sessions } from "han-core/Sessions"
import { fieldsOf } from "han-core/Where"
import { agentOf, ofConversation, sessionOf } from "../context/agentSessions.ts"
import { always, alwaysListOf, type Fields, field, float, id, int, isoOf, listOf, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { memoized } from "../context/memoized.ts"
import type { SchemaParts } from "../context/SchemaParts.ts"
import {
  HookExecutionConnection,
  HookExecutionFilter,
  HookExecutionOrderBy,
  HookStats,
  hookColumn,
  hookExecutionId,
  hookField,
  hookStatsOf
} from "../hooks/HookExecutions.ts"
import { ToolResultBlock, toolResultBlockOf } from "../messages/ContentBlocks.ts"
import { MessageConnection, MessageFilter, MessageOrderBy, messageCondition, messageOrder } from "../messages/MessageConnection.ts"
import { chosen, projectType, slugOf } from "../projects/Projects.ts"
import { connectionIn, connectionOf, connectionType, notNegative, type PageArgs, pageArgs, pageOf } from "../relay/Connection.ts"
import { listArgs, orderOf, whereOf } from "../relay/Filters.ts"
import { sessionGlobalId, sessionIdOf } from "../relay/GlobalId.ts"
import { Int } from "../relay/Int.ts"
import { findsNode, Node } from "../relay/Node.ts"
import { UsageTotalsType } from "../usage/UsageReport.ts"
import { PersonType, personOf } from "../workspace/Person.ts"
import { FileChangeConnection, fileChangeId, fileChangeRows } from "./FileChanges.ts"
import { FrustrationSummary, frustrationOf } from "./FrustrationSummary.ts"
import { landmarkFields } from "./Landmarks.ts"
import { MessageSearchResult, searchIn } from "./MessageSearch.ts"
import { activityFields } from "./SessionActivity.ts"
import { CompactionType, subagentType } from "./SessionParts.ts"
import { summaryOf } from "./summary.ts"
import {
  HanTaskConnection,
  HanTaskType,
  hanTaskColumn,
  hanTaskField,
  hanTaskId,
  NativeTaskFilter,
  NativeTaskOrderBy,
  NativeTaskType,
  nativeTaskColumn,
  nativeTaskField,
  TaskFilter,
  TaskOrderBy
} from "./Tasks.ts"
import { TodoConnection, TodoCounts, TodoType, todoCountsOf, todosOf } from "./Todos.ts"
import { UserType } from "./UserType.ts"

const names = (of: { readonly cwd: string | null }) => of.cwd?.split(/[/\\]/).findLast((part) => part !== "") ?? ""
type FilterArgs = { readonly filter?: unknown; readonly orderBy?: unknown }
const messagesAtOnce = 50
const hitsAtOnce = 50

const subagentsOf = async (session: SessionRow, _: unknown, { loaders }: GraphqlContext) => {
  const agent = agentOf(session)
  const all = await loaders.agents.load(sessionOf(session))
  return agent === null ? all : all.filter(({ parentAgentId }) => parentAgentId === agent.id)
}

/** Its names, times and figures. */
const facts: Fields<SessionRow> = {
  id: always(id("`Session:`, the directory it worked in first and `sessionId`; `Session:` and `sessionId` alone mean the same.", sessionGlobalId)),
  sessionId: always(text("The harness's own id.", (session) => session.id)),
  slug: text("The name that the client made up for it."),
  name: always(text("What people call it: the title, else the first line of what was asked first, else its slug or id.", (session) => session.displayTitle)),
  title: text("The title that the user, or else the model, gave it."),
  summary: text("What it was about: the title, or what was asked first, at most 200 characters; three dots stand for the rest.", (session) =>
    summaryOf(session, 200)
  ),
  firstPrompt: text("What was asked first, at most 2,000 characters."),
  date: always(
    text("The day on which it began, in UTC; empty when no line tells a time.", (session) => isoOf(session.startedAt ?? session.updatedAt)?.slice(0, 10) ?? "")
  ),
  projectName: always(
    text(
      "The repository's name where it is known, else the directory's; empty for a session that never said where it worked.",
      (session) => session.project ?? names(session)
    )
  ),
  projectPath: always(text("The directory it worked in first; empty when it never said.", ({ cwd }) => cwd ?? "")),
  projectId: text("The project, as `project(id:)` and filters take it.", ({ projectId }) => projectId),
  projectSlug: text("The directory as Claude Code names its folders.", ({ cwd }) => (cwd === null ? null : slugOf(cwd))),
  worktreeName: text("The git worktree it works in, by its folder; null in the main one.", async ({ projectId, worktree }, _, { loaders }) => {
    if (worktree !== null) return names({ cwd: worktree })
    // The client tells of worktrees that it made; git knows of all.
    const project = (await loaders.projects()).find(({ id }) => id === projectId)
    return project === undefined || project.worktreeOf === null ? null : names({ cwd: project.root ?? project.path })
  }),
  gitBranch: text("The branch that its newest line names.", ({ branch }) => branch),
  version: text("The version of the client that wrote its newest line."),
  model: text("The model that answered last."),
  permissionMode: text("The permission mode as it was last set."),
  harness: always(text("What wrote it, e.g. `claude-code`.", ({ source }) => source)),
  machine: text("The machine it was written on, by han's id of it."),
  status: text("`active`: written to within five minutes · `idle`: within a day · `completed`: ended by the client, or silent for longer."),
  prNumber: int("The pull request that it is linked to.", ({ pullRequest }) => pullRequest?.number ?? null),
  prUrl: text("The address of that pull request.", ({ pullRequest }) => pullRequest?.url ?? null),
  teamName: text("The team of agents that it belongs to.", ({ team }) => team),
  sourceConfigDir: text("The configuration folder that its transcript was found under.", (session, _, { loaders }) => loaders.root.load(sessionOf(session))),
  startedAt: text("When its first line was written.", ({ startedAt }) => isoOf(startedAt)),
  updatedAt: text("When its newest line was written.", ({ updatedAt }) => isoOf(updatedAt)),
  duration: int("Whole seconds between its first and its newest line.", ({ startedAt, updatedAt }) =>
    startedAt === null || updatedAt === null ? null : Math.floor((updatedAt - startedAt) / 1000)
  ),
  messageCount: always(
    int("Lines of its own conversation: prompts, commands, answers, results of tools; subagents' are not counted.", ({ messages }) => messages)
  ),
  turnCount: int("Prompts.", ({ prompts }) => prompts),
  toolCallCount: int("Calls of tools that it made itself.", ({ toolCalls }) => toolCalls),
  toolErrorCount: int("Calls of tools that failed.", ({ toolErrors }) => toolErrors),
  compactionCount: int("How often its context was compacted.", ({ compactions }) => compactions),
  estimatedCostUsd: float("What its API responses cost by list price, in dollars; null when none has a known price.", ({ costNanoUsd }) =>
    costNanoUsd === null ? null : costNanoUsd / 1e9
  ),
  usage: field(new GraphQLNonNull(UsageTotalsType), "Tokens and money of its API responses, each counted once and where it was made.", (session) => ({
    input: session.input,
    output: session.output,
    cacheRead: session.cacheRead,
    cacheWrite5m: session.cacheWrite5m,
    cacheWrite1h: session.cacheWrite1h,
    responses: session.responses,
    unpricedResponses: session.unpricedResponses,
    costNanoUsd: session.costNanoUsd ?? 0
  })),
  agentId: text("The subagent whose conversation this is; null for a session.", (session) => agentOf(session)?.id ?? null),
  agentTaskIds: listOf(GraphQLString, "Ids of its subagents.", async (session, _, context) => (await subagentsOf(session, _, context)).map(({ id }) => id)),
  frustrationSummary: field(FrustrationSummary, "What the words of its prompts say of the human's mood.", async (session, _, { loaders }) =>
    frustrationOf(await loaders.mood.load(session.id))
  ),
  orgId: text("The organisation that it is shared with; null where there is none.", () => null),
  author: field(PersonType, "Who sent it; null on one's own machine, where everything is one's own.", ({ author }, _, context) => personOf(author, context)),
  owner: field(UserType, "The same as `author`, as a user.", async ({ author }, _, context) => {
    const person = await personOf(author, context)
    return person === null ? null : { id: `User:${person.id}`, name: person.name, email: null, avatarUrl: person.avatarUrl }
  })
}

const conversation: Fields<SessionRow> = {
  compactions: listOf(CompactionType, "Every compaction of its context, in order.", async (session, _, { loaders }) =>
    ofConversation(session, await loaders.compactions.load(sessionOf(session)))
  ),
  messages: {
    ...field<SessionRow>(
      new GraphQLNonNull(MessageConnection),
      "Its conversation, the newest line first. Progress, titles, attachments and the queue are left out, and so are subagents' lines: they are in `subagents { session }`, and here for a filter that asks about `agentId`.",
      async (session, args: PageArgs & FilterArgs, { access, run }) => {
        access.viewed?.({ ...session, id: sessionOf(session) })
        const request = pageOf(args, messagesAtOnce)
        const where = whereOf(args.filter, messageCondition(session.id))
        const agentId = agentOf(session)?.id ?? (where !== undefined && fieldsOf(where).has("agentId") ? undefined : null)
        const query = { sessionId: sessionOf(session), agentId, where, orderBy: messageOrder(args.orderBy) }
        const page = await run(Effect.flatMap(MessageQueries, (messages) => messages.find(query, request)))
        return connectionOf(page, () => run(Effect.flatMap(MessageQueries, (messages) => messages.countFound(query))))
      }
    ),
    args: { ...pageArgs, ...listArgs(MessageFilter, MessageOrderBy) }
  },
  searchMessages: {
    ...listOf<SessionRow>(
      MessageSearchResult,
      "Messages with these words, the newest first.",
      (session, args: { readonly query: string; readonly limit?: number | null }, context) => {
        context.access.viewed?.({ ...session, id: sessionOf(session) })
        return searchIn(session, args.query, notNegative("limit", args.limit) ?? hitsAtOnce, context)
      }
    ),
    args: {
      query: {
        type: new GraphQLNonNull(GraphQLString),
        description: 'Words that must all occur; `"quoted words"` side by side, `word*` a beginning, `-word` must not.'
      },
      limit: { type: Int, description: "At most so many; 50 without." }
    }
  },
  toolResults: listOf(ToolResultBlock, "Results of all its tool calls, in the order of the calls.", async (session, _, { access, run }) => {
    access.viewed?.({ ...session, id: sessionOf(session) })
    return ofConversation(session, await run(Effect.flatMap(Sessions, (sessions) => sessions.toolCalls(sessionOf(session))))).flatMap((call) =>
      call.result === null ? [] : [toolResultBlockOf(call.id, call.result)]
    )
  })
}

/** Lists that come of a session: tasks, to-dos, changed files, runs of hooks. */
const outcomes: Fields<SessionRow> = {
  nativeTasks: {
    ...alwaysListOf<SessionRow>(
      NativeTaskType,
      "The task list that the agent keeps with the client's own tools.",
      async (session, args: FilterArgs, { loaders }) =>
        chosen(
          await loaders.tasks.load(sessionOf(session)),
          whereOf(args.filter, nativeTaskColumn),
          orderOf(NativeTaskOrderBy, args.orderBy, (name) => name),
          nativeTaskField
        )
    ),
    args: listArgs(NativeTaskFilter, NativeTaskOrderBy)
  },
  tasks: {
    ...field<SessionRow>(
      HanTaskConnection,
      "Tasks that were announced through han, in order.",
      async (session, args: PageArgs & FilterArgs, { loaders, run }) =>
        run(
          connectionIn(
            chosen(
              await loaders.hanTasks.load(sessionOf(session)),
              whereOf(args.filter, hanTaskColumn),
              orderOf(TaskOrderBy, args.orderBy, (name) => name),
              hanTaskField
            ),
            args,
            hanTaskId
          )
        )
    ),
    args: { ...pageArgs, ...listArgs(TaskFilter, TaskOrderBy) }
  },
  activeTasks: {
    ...field<SessionRow>(HanTaskConnection, "Those of them that are under way.", async (session, args: PageArgs, { loaders, run }) =>
      run(
        connectionIn(
          (await loaders.hanTasks.load(sessionOf(session))).filter(({ status }) => status === "active"),
          args,
          hanTaskId
        )
      )
    ),
    args: pageArgs
  },
  currentTask: field(
    HanTaskType,
    "The task that was begun last and is under way.",
    async (session, _, { loaders }) => (await loaders.hanTasks.load(sessionOf(session))).findLast(({ status }) => status === "active") ?? null
  ),
  todos: {
    ...field<SessionRow>(TodoConnection, "Its to-do list as it was last written.", async (session, args: PageArgs, { loaders, run }) =>
      run(connectionIn(todosOf(await loaders.todos.load(sessionOf(session))), args, (todo) => todo.id))
    ),
    args: pageArgs
  },
  activeTodos: {
    ...field<SessionRow>(TodoConnection, "What of that is not done.", async (session, args: PageArgs, { loaders, run }) =>
      run(
        connectionIn(
          todosOf(await loaders.todos.load(sessionOf(session))).filter(({ status }) => status !== "completed"),
          args,
          (todo) => todo.id
        )
      )
    ),
    args: pageArgs
  },
  currentTodo: field(
    TodoType,
    "What it is doing now, by its to-do list.",
    async (session, _, { loaders }) => todosOf(await loaders.todos.load(sessionOf(session))).find(({ status }) => status === "in_progress") ?? null
  ),
  todoCounts: field(TodoCounts, "The to-do list in numbers.", async (session, _, { loaders }) =>
    todoCountsOf(todosOf(await loaders.todos.load(sessionOf(session))))
  ),
  fileChanges: {
    ...field<SessionRow>(
      FileChangeConnection,
      "Files that its tool calls changed, the newest change first.",
      async (session, args: PageArgs, { loaders, run }) => {
        const changes = ofConversation(session, await loaders.fileChanges.load(sessionOf(session)))
        return run(connectionIn(fileChangeRows(changes, await loaders.validations.load(sessionOf(session))), args, fileChangeId))
      }
    ),
    args: pageArgs
  },
  fileChangeCount: int("How many changes of files there are.", async (session, _, { loaders }) =>
    agentOf(session) === null ? loaders.fileChangeCount.load(session.id) : ofConversation(session, await loaders.fileChanges.load(sessionOf(session))).length
  ),
  hookExecutions: {
    ...field<SessionRow>(
      HookExecutionConnection,
      "Runs of hooks, in the order of their beginning.",
      async (session, args: PageArgs & FilterArgs, { loaders, run }) =>
        run(
          connectionIn(
            chosen(
              await loaders.hookRuns.load(sessionOf(session)),
              whereOf(args.filter, hookColumn),
              orderOf(HookExecutionOrderBy, args.orderBy, (name) => name),
              hookField
            ),
            args,
            hookExecutionId
          )
        )
    ),
    args: { ...pageArgs, ...listArgs(HookExecutionFilter, HookExecutionOrderBy) }
  },
  hookStats: field(HookStats, "Runs of hooks in numbers.", async (session, _, { loaders }) => hookStatsOf(await loaders.hookRuns.load(sessionOf(session))))
}

export const sessionType = memoized((parts: SchemaParts) => {
  const type: GraphQLObjectType<SessionRow, GraphqlContext> = new GraphQLObjectType<SessionRow, GraphqlContext>({
    name: "Session",
    description: "A conversation with an agent, with everything that came of it.",
    interfaces: [Node],
    extensions: findsNode(
      async (raw, { loaders }: GraphqlContext) =>
        (await loaders.session.load(raw as SessionId)) ?? (raw.includes(":") ? loaders.session.load(sessionIdOf(`Session:${raw}`)) : null)
    ),
    isTypeOf: (source) => typeof source === "object" && source !== null && "firstPrompt" in source && "machine" in source,
    fields: () => ({
      ...facts,
      project: field(
        projectType(parts),
        "The project.",
        async ({ projectId }, _, { loaders }) => (await loaders.projects()).find(({ id }) => id === projectId) ?? null
      ),
      link: field(sessionLinkType(type), "The session that its history came from.", ({ link }) => link),
      forkOf: field(type, "The session whose history it carries a copy of.", ({ forkOf }, _, { loaders }) =>
        forkOf === null ? null : loaders.session.load(forkOf)
      ),
      agentOf: field(
        type,
        "The session whose subagent this is; null for a session. What is kept by session alone (tasks, to-do list, runs of hooks) is that one's.",
        (session, _, { loaders }) => {
          const agent = agentOf(session)
          return agent === null ? null : loaders.session.load(agent.sessionId)
        }
      ),
      subagents: listOf(
        subagentType(type),
        "Agents that it started, in the order of their beginning; of a session also those that these started.",
        subagentsOf
      ),
      ...conversation,
      ...landmarkFields,
      ...activityFields,
      ...outcomes,
      ...parts.machine?.session
    })
  })
  return type
})

const sessionLinkType = (type: GraphQLObjectType<SessionRow, GraphqlContext>) =>
  new GraphQLObjectType<SessionLink, GraphqlContext>({
    name: "SessionLink",
    description: "Where a session's history came from.",
    fields: {
      kind: always(text("`fork`, `branch` or `resume`: it carries a copy of that session's history · `clear`: it began when `/clear` ended that session.")),
      sessionId: always(text("The other session, by its `sessionId`.")),
      session: field(type, "The other session; null when it is not kept.", (link, _, { loaders }) => loaders.session.load(link.sessionId))
    }
  })

export const sessionConnection = memoized((parts: SchemaParts) => connectionType("Session", sessionType(parts), "sessions"))
