import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  getNamedType,
  isIntrospectionType,
  isObjectType,
  isScalarType
} from "graphql"
import type { Rule } from "./Access.ts"
import type { GraphqlContext } from "./GraphqlContext.ts"

/** The rule of all fields of these types; one that is in none of the lists, and no root, fails `guardFields`. */
const types: { readonly [R in Rule]?: string } = {
  open: "CoordinatorStatus JoinedWorkspace Member PageInfo Person Server User Viewer Workspace",
  numbers: `ActivityData ActivityTimelineEntry CompactionStats ContributorMetrics CostAnalysis DailyActivity DailyCost DailyModelTokens DashboardAnalytics HookHealthStats HourlyActivity
    HumanTimeBreakdown HumanTimeEstimate MetricsData ModelTokenEntry ModelUsageStats PeriodSessionCount Project ProjectSessionCount Repo SubscriptionComparison TaskCompletionMetrics
    TaskOutcomeCount TaskTypeCount TeamMetrics TokenUsageAggregation TokenUsageStats ToolTimeEstimate ToolUsageStats UsageReport UsageRow UsageTotals WeeklyCost`,
  content: `AgentTask AssistantMessage CommandUserMessage Compaction ExposedToolCallMessage ExposedToolResult ExposedToolResultMessage FileChange FileChangeConnection FileChangeEdge
    FileHistorySnapshotMessage FileValidation FrustrationSummary HookCheckStateMessage HookDatetimeMessage HookExecution HookExecutionConnection HookExecutionEdge HookFileChangeMessage
    HookReferenceMessage HookResult HookResultAddedPayload HookResultMessage HookRunMessage HookScriptMessage HookStats HookTypeStat HookValidationCacheMessage HookValidationMessage
    ImageBlock IndexProblem InterruptUserMessage Landmark McpToolCallMessage McpToolResult McpToolResultMessage MemoryLearnMessage MemoryQueryMessage MemoryUpdatedPayload MessageConnection
    MessageEdge MessagePlace MessageSearchResult MetaUserMessage NativeTask NodeUpdatedPayload ProjectAddedPayload QueueOperationMessage RegularUserMessage RepoAddedPayload SearchHit
    SearchHitConnection SearchHitEdge SentimentAnalysis SentimentAnalysisMessage Session SessionAddedPayload SessionConnection SessionCost SessionEdge SessionEffectiveness
    SessionFilesChangedPayload SessionHooksChangedPayload SessionLink SessionMessageAddedPayload SessionPerformancePoint SessionTodosChangedPayload Subagent SubagentUsageStats
    SummaryMessage SystemMessage Task TaskConnection TaskEdge TextBlock ThinkingBlock Todo TodoConnection TodoCounts TodoEdge ToolResultAddedPayload ToolResultBlock
    ToolResultUserMessage ToolUseBlock UnknownEventMessage`,
  machine: `CacheEntry CacheStats Citation ClaudeSettingsSummary ConfigDir ConfigDirCostBreakdown FileProblem HanConfigSummary McpServer MemoryAgentProgressPayload MemoryAgentResultPayload
    MemoryQuery MemoryQueryStartResult MemoryRule MemorySearchResult Permissions Plugin PluginCategory PluginMutationResult PluginStats SessionSync SettingsFile SettingsSummary
    SyncExclusion SyncFailure SyncStatus SyncTotals`,
  "keys.own": "ApiKey CreatedApiKey",
  manage: "AuditEntry AuditEntryConnection AuditEntryEdge CreatedInvite Invite"
}

/** The rules of root fields, each of which has one, and of fields that are not like the others of their type. */
const fields: Readonly<Record<string, Rule>> = {
  "Query.activity": "numbers",
  "Query.apiKeys": "keys.own",
  "Query.auditLog": "manage",
  "Query.cacheEntries": "machine",
  "Query.cacheStats": "machine",
  // Empty on a team server, which has none.
  "Query.configDirs": "open",
  "Query.coordinatorStatus": "open",
  "Query.dashboardAnalytics": "numbers",
  "Query.hookExecutions": "content",
  "Query.indexProblems": "content",
  "Query.invites": "manage",
  "Query.members": "people",
  "Query.memory": "machine",
  "Query.message": "content",
  "Query.metrics": "numbers",
  // What it finds has rules of its own.
  "Query.node": "open",
  "Query.pluginCategories": "machine",
  "Query.pluginStats": "machine",
  "Query.plugins": "machine",
  "Query.project": "numbers",
  "Query.projects": "numbers",
  "Query.repo": "numbers",
  "Query.repos": "numbers",
  "Query.search": "content",
  "Query.server": "open",
  "Query.session": "content",
  "Query.sessions": "content",
  "Query.settings": "machine",
  "Query.syncStatus": "machine",
  "Query.teamMetrics": "numbers",
  "Query.usage": "numbers",
  "Query.viewer": "open",
  "Query.workspace": "open",
  "MutationRoot.changeMemberRole": "manage",
  "MutationRoot.changeWorkspace": "manage",
  "MutationRoot.createApiKey": "keys.own",
  "MutationRoot.createInvite": "manage",
  "MutationRoot.forgetSession": "forget.own",
  // By the code alone: whoever has one is no member yet of the workspace that it leads to.
  "MutationRoot.redeemInvite": "open",
  "MutationRoot.registerConfigDir": "machine",
  "MutationRoot.removeMember": "manage",
  "MutationRoot.removePlugin": "machine",
  "MutationRoot.revokeApiKey": "keys.own",
  "MutationRoot.revokeInvite": "manage",
  "MutationRoot.startMemoryQuery": "machine",
  "MutationRoot.togglePlugin": "machine",
  "MutationRoot.unregisterConfigDir": "machine",
  "SubscriptionRoot.hookResultAdded": "content",
  "SubscriptionRoot.memoryAgentProgress": "machine",
  "SubscriptionRoot.memoryAgentResult": "machine",
  "SubscriptionRoot.memoryUpdated": "content",
  "SubscriptionRoot.nodeUpdated": "content",
  "SubscriptionRoot.projectAdded": "content",
  "SubscriptionRoot.repoAdded": "content",
  "SubscriptionRoot.sessionAdded": "content",
  "SubscriptionRoot.sessionFilesChanged": "content",
  "SubscriptionRoot.sessionHooksChanged": "content",
  "SubscriptionRoot.sessionMessageAdded": "content",
  "SubscriptionRoot.sessionTodosChanged": "content",
  "SubscriptionRoot.syncStatusChanged": "machine",
  "SubscriptionRoot.toolResultAdded": "content",
  "CostAnalysis.configDirBreakdowns": "machine",
  // Moods come of words.
  "MetricsData.significantFrustrationRate": "content",
  "MetricsData.significantFrustrations": "content",
  "MetricsData.tasksByType": "content",
  "Project.path": "content",
  "Project.plugins": "machine",
  "Project.relativePath": "content",
  "Project.slug": "content",
  "Project.subdirs": "content",
  "Project.worktrees": "content",
  "Repo.defaultBranch": "content",
  "Session.sync": "machine",
  "UsageReport.notIncluded": "content",
  "UsageRow.path": "content",
  // How much somebody wrote, by the length of it.
  "DashboardAnalytics.humanTimeEstimate": "content"
}

type Arguments = Readonly<Record<string, unknown>>
const isGiven = (value: unknown) => value !== undefined && value !== null

/** Arguments that ask for more than their field does: about texts and directories, and by session. */
const asks: Readonly<Record<string, (given: Arguments) => Rule>> = {
  "Query.projects": ({ filter, orderBy }) => (isGiven(filter) || isGiven(orderBy) ? "content" : "open"),
  "Query.repos": ({ filter, orderBy }) => (isGiven(filter) || isGiven(orderBy) ? "content" : "open"),
  "Query.usage": ({ by, project, sessionId }) => (by === "session" || isGiven(project) || isGiven(sessionId) ? "content" : "open")
}

const ruleOfType = new Map(Object.entries(types).flatMap(([rule, names]) => names.split(/\s+/).map((name) => [name, rule as Rule] as const)))

/** The rule of a field: its own, else its type's; undefined for one that nobody decided about. */
export const ruleOf = (type: string, field: string): Rule | undefined => fields[`${type}.${field}`] ?? ruleOfType.get(type)

/** Types that are of several schemas are guarded once. */
const guarded = new WeakSet<object>()

/**
 * Puts every field of the schema under its rule: the resolvers of what a viewer may not see are not called. Fails for a schema with a field that has no rule. A field without a rule of its own
 * whose objects are kept from the viewer is kept back itself.
 */
export const guardFields = (schema: GraphQLSchema): GraphQLSchema => {
  const undecided: Array<string> = []
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const place = `${type.name}.${field.name}`
      const rule = ruleOf(type.name, field.name)
      if (rule === undefined) undecided.push(place)
      else if (!guarded.has(field)) guard(field, place, Object.hasOwn(fields, place) ? [rule] : [rule, ruleOfContent(field)])
      guarded.add(field)
    }
  }
  if (undecided.length > 0)
    throw new Error(`fields without a rule who may see them: ${undecided.join(", ")}; decide in packages/graphql/src/context/accessRules.ts`)
  return schema
}

/** The rule of the objects that a field gives. */
const ruleOfContent = ({ type }: GraphQLField<unknown, GraphqlContext>): Rule => {
  const named = getNamedType(type)
  return isScalarType(named) ? "open" : (ruleOfType.get(named.name) ?? "open")
}

const guard = (field: GraphQLField<unknown, GraphqlContext>, place: string, of: ReadonlyArray<Rule>): void => {
  const rules = [...new Set(of)].filter((rule) => rule !== "open")
  const further = asks[place]
  if (rules.length === 0 && further === undefined) return
  const check = (given: Arguments, { access }: GraphqlContext) => {
    for (const rule of further === undefined ? rules : [...rules, further(given)]) {
      const refusal = access.refusal(rule, place)
      if (refusal !== null) throw refusal
    }
  }
  const checked =
    (resolve: GraphQLFieldResolver<unknown, GraphqlContext>): GraphQLFieldResolver<unknown, GraphqlContext> =>
    (source, given, context, info) => {
      check(given, context)
      return resolve(source, given, context, info)
    }
  field.resolve = checked(field.resolve ?? defaultFieldResolver)
  if (field.subscribe !== undefined) field.subscribe = checked(field.subscribe)
}
