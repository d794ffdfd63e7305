import * as Effect from "effect/Effect"
import { type GraphQLFieldConfig, GraphQLID, GraphQLNonNull, GraphQLObjectType, type GraphQLOutputType, GraphQLString } from "graphql"
import { type Project, repoId } from "han-core/Project"
import type { Session } from "han-core/Session"
import { SessionQueries } from "han-core/SessionQueries"
import { always, type Fields, field, flag, int, isoOf, text } from "./context/Field.ts"
import type { FeedEvent, FeedEventOf } from "./context/feedEvents.ts"
import type { GraphqlContext, MachineContext } from "./context/GraphqlContext.ts"
import type { SchemaParts } from "./context/SchemaParts.ts"
import { MessageEdge } from "./messages/MessageConnection.ts"
import { rawIdOf, sessionGlobalId, sessionIdOf } from "./relay/GlobalId.ts"
import { Node } from "./relay/Node.ts"
import { sessionConnection } from "./sessions/SessionType.ts"

const payload = <Tag extends FeedEvent["_tag"]>(name: string, description: string, fields: () => Record<string, ReturnType<typeof field<FeedEventOf<Tag>>>>) =>
  new GraphQLObjectType<FeedEventOf<Tag>, GraphqlContext>({ name, description, fields })

const NodeUpdatedPayload = payload<"SessionChanged">("NodeUpdatedPayload", "That something changed.", () => ({
  id: always(
    text("Its id.", async ({ sessionId }, _, { loaders }) => sessionGlobalId((await loaders.session.load(sessionId)) ?? { id: sessionId, cwd: null }))
  ),
  typename: always(text("Its type.", () => "Session")),
  node: field(Node, "As it is now.", ({ sessionId }, _, { loaders }) => loaders.session.load(sessionId))
}))
const SessionMessageAddedPayload = payload<"MessageAdded">("SessionMessageAddedPayload", "That a session has a new message.", () => ({
  sessionId: always(text("The session, by its `sessionId`.")),
  messageIndex: always(
    int(
      "How many lines its conversation has now.",
      async ({ line, sessionId }, _, { loaders }) =>
        (await loaders.session.load(line.message.agentId === null ? sessionId : sessionIdOf(line.message.agentId)))?.messages ?? 0
    )
  ),
  newMessageEdge: field(MessageEdge, "The message with its place in the list.", ({ cursor, line }) => ({ cursor, node: line }))
}))
const sessionAddedPayload = (parts: SchemaParts) =>
  payload<"SessionAdded">("SessionAddedPayload", "That there is a new session.", () => ({
    sessionId: always(text("The session, by its `sessionId`.", ({ session }) => session.id)),
    parentId: text("The session that its history came from, by its `sessionId`.", ({ session }) => session.forkOf),
    projectId: text("The project, as `project(id:)` takes it.", ({ session }) => session.projectId),
    newSessionEdge: field(sessionConnection(parts).edge, "The session with its place in the list of all.", async ({ session }, _, { run }) => ({
      node: session,
      cursor: await run(Effect.flatMap(SessionQueries, (sessions) => sessions.cursorOf(session)))
    }))
  }))
const ToolResultAddedPayload = payload<"ToolReturned">("ToolResultAddedPayload", "That a tool answered.", () => ({
  sessionId: always(text("The session, by its `sessionId`.")),
  callId: always(text("The call.")),
  type: always(text("`tool_result`, `mcp_tool_result` or `exposed_tool_result`.")),
  success: always(flag("Whether it did what was asked.")),
  durationMs: always(int("Milliseconds that it took; 0 when nobody knows."))
}))
const HookResultAddedPayload = payload<"HookReturned">("HookResultAddedPayload", "That a run of a hook ended.", () => ({
  sessionId: always(text("The session, by its `sessionId`.")),
  hookRunId: always(text("The run.", ({ runId }) => runId)),
  pluginName: always(text("The plugin.", ({ plugin }) => plugin)),
  hookName: always(text("The hook.", ({ hook }) => hook)),
  success: always(flag("Whether it passed.")),
  durationMs: always(int("Milliseconds that it took."))
}))
const SessionTodosChangedPayload = payload<"TodosChanged">("SessionTodosChangedPayload", "That a session wrote its to-do list.", () => ({
  sessionId: always(text("The session, by its `sessionId`.")),
  todoCount: always(int("How many there are.", ({ statuses }) => statuses.length)),
  inProgressCount: always(int("Those under way.", ({ statuses }) => statuses.filter((status) => status === "in_progress").length)),
  completedCount: always(int("Those that are done.", ({ statuses }) => statuses.filter((status) => status === "completed").length))
}))
const SessionFilesChangedPayload = payload<"FilesChanged">("SessionFilesChangedPayload", "That a session changed a file.", () => ({
  sessionId: always(text("The session, by its `sessionId`.")),
  fileCount: always(int("How many changes of files it has made.", ({ count }) => count)),
  toolName: always(text("The tool."))
}))
const SessionHooksChangedPayload = payload<"HooksChanged">("SessionHooksChangedPayload", "That a hook ran for a session.", () => ({
  sessionId: always(text("The session, by its `sessionId`.")),
  pluginName: always(text("The plugin.", ({ plugin }) => plugin)),
  hookName: always(text("The hook.", ({ hook }) => hook)),
  eventType: always(text("`hook_run` when it began, `hook_result` or `hook_validation` when it ended.", ({ event }) => event))
}))
const RepoAddedPayload = payload<"RepoAdded">("RepoAddedPayload", "That there is a new repository.", () => ({
  repoId: always(text("The repository, as `repo(id:)` takes it."))
}))
const ProjectAddedPayload = payload<"ProjectAdded">("ProjectAddedPayload", "That there is a new project.", () => ({
  projectId: always(text("The project, as `project(id:)` takes it.", ({ project }) => project.id)),
  parentId: text("Its repository, as `repo(id:)` takes it.", ({ project }) => (project.repo === null ? null : repoId(project.repo)))
}))
const MemoryUpdatedPayload = payload<"SessionChanged">("MemoryUpdatedPayload", "That something was written down.", () => ({
  type: text("What: `SESSION`.", () => "SESSION"),
  action: text("`UPDATED`.", () => "UPDATED"),
  path: text("The directory that the session works in.", ({ path }) => path),
  timestamp: text("When.", ({ at }) => isoOf(at))
}))

type Subscription = GraphQLFieldConfig<unknown, GraphqlContext>
const on = <Tag extends FeedEvent["_tag"], Args>(
  tag: Tag,
  type: GraphQLOutputType,
  description: string,
  args: Subscription["args"],
  wants: (event: FeedEventOf<Tag>, args: Args) => boolean
): Subscription => ({
  type,
  description,
  ...(args !== undefined && { args }),
  subscribe: (_, given: Args, { live }) => live.subscribe(tag, (event) => wants(event, given)),
  resolve: (event) => event
})
const required = (name: string, type: typeof GraphQLID, description: string) => ({ [name]: { type: new GraphQLNonNull(type), description } })
const ofSession = (description = "The session, by its `id` or `sessionId`.") => required("sessionId", GraphQLID, description)
/** Files of subagents are called after their ids. */
const agentIdOf = (id: string): string => sessionIdOf(id).replace(/^agent-/, "")
const isSession = (event: { readonly sessionId: string }, { sessionId }: { readonly sessionId: string }) => sessionIdOf(sessionId) === event.sessionId

const repoOf = (session: Session, projects: ReadonlyArray<Project>): string | null => {
  const remote = session.repo ?? projects.find(({ id }) => id === session.projectId)?.repo ?? null
  return remote === null ? null : repoId(remote)
}

/** Fields whose types are the same in every schema. */
const plain: Fields<unknown> = {
  nodeUpdated: {
    ...on(
      "SessionChanged",
      new GraphQLNonNull(NodeUpdatedPayload),
      "A session got new lines. Told once for lines that came together.",
      required("id", GraphQLID, "The session, by any form of its id, or a subagent's conversation."),
      (event, { id }: { readonly id: string }) => sessionIdOf(id) === event.sessionId || event.agentIds.includes(agentIdOf(id))
    ),
    // What was asked for is what changed.
    resolve: (event, { id }: { readonly id: string }) => (typeof event === "object" ? { ...event, sessionId: sessionIdOf(id) } : event)
  },
  sessionMessageAdded: on(
    "MessageAdded",
    new GraphQLNonNull(SessionMessageAddedPayload),
    "A conversation got a message; each of several, the oldest first.",
    ofSession("The session, by its `id` or `sessionId`, without its subagents; or a subagent, by its `agentId`; `*` for all messages of all."),
    ({ line: { message }, sessionId }, args: { readonly sessionId: string }) =>
      args.sessionId === "*" || (message.agentId === null ? sessionIdOf(args.sessionId) === sessionId : agentIdOf(args.sessionId) === message.agentId)
  ),
  toolResultAdded: on(
    "ToolReturned",
    new GraphQLNonNull(ToolResultAddedPayload),
    "A tool answered a call.",
    { callId: { type: new GraphQLNonNull(GraphQLString), description: "The call." } },
    ({ callId }, args: { readonly callId: string }) => callId === args.callId
  ),
  hookResultAdded: on(
    "HookReturned",
    new GraphQLNonNull(HookResultAddedPayload),
    "A run of a hook ended.",
    { hookRunId: { type: new GraphQLNonNull(GraphQLString), description: "The run, by the line that tells of its beginning." } },
    ({ runId }, { hookRunId }: { readonly hookRunId: string }) => runId === rawIdOf("Message", hookRunId)
  ),
  sessionTodosChanged: on("TodosChanged", new GraphQLNonNull(SessionTodosChangedPayload), "A session wrote its to-do list.", ofSession(), isSession),
  sessionFilesChanged: on("FilesChanged", new GraphQLNonNull(SessionFilesChangedPayload), "A session changed a file.", ofSession(), isSession),
  sessionHooksChanged: on("HooksChanged", new GraphQLNonNull(SessionHooksChangedPayload), "A hook began or ended for a session.", ofSession(), isSession),
  repoAdded: on<"RepoAdded", unknown>("RepoAdded", new GraphQLNonNull(RepoAddedPayload), "There is a new repository.", undefined, () => true),
  projectAdded: on(
    "ProjectAdded",
    new GraphQLNonNull(ProjectAddedPayload),
    "There is a new project.",
    { parentId: { type: GraphQLID, description: "Only of this repository." } },
    ({ project }, { parentId }: { readonly parentId?: string | null }) =>
      parentId == null || parentId === "" || (project.repo !== null && repoId(project.repo) === rawIdOf("Repo", parentId))
  ),
  memoryUpdated: on<"SessionChanged", unknown>("SessionChanged", new GraphQLNonNull(MemoryUpdatedPayload), "A session was written down.", undefined, () => true)
}

export const subscriptionRoot = (parts: SchemaParts) =>
  new GraphQLObjectType<unknown, MachineContext>({
    name: "SubscriptionRoot",
    description: "What happens from now on. Events come in order, once for each change.",
    fields: {
      ...plain,
      sessionAdded: {
        ...on<"SessionAdded", unknown>(
          "SessionAdded",
          new GraphQLNonNull(sessionAddedPayload(parts)),
          "There is a new session.",
          {
            parentId: { type: GraphQLID, description: "Only of this project or repository, or with a copy of this session's history." },
            projectId: { type: GraphQLID, description: "Only of this project or repository." }
          },
          () => true
        ),
        subscribe: async (_, { parentId, projectId }: { readonly parentId?: string | null; readonly projectId?: string | null }, { live, loaders }) => {
          const wanted = [parentId, projectId].flatMap((one) => (one == null || one === "" ? [] : [rawIdOf("Repo", rawIdOf("Project", one))]))
          // Which repository a directory belongs to may be found out later: what is known now decides.
          const projects = await loaders.projects()
          return live.subscribe("SessionAdded", ({ session }) => {
            const of: ReadonlyArray<string | null> = [session.projectId, repoOf(session, projects), session.forkOf]
            return wanted.every((one) => of.includes(sessionIdOf(one)))
          })
        }
      },
      ...parts.machine?.subscription
    }
  })
