import * as Schema from "effect/Schema"

const Instant = Schema.NullOr(Schema.String.pipe(Schema.pattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)))
const Text = Schema.NullOr(Schema.String)
// The documented shapes; a key more or less is an error.
export const strict = { onExcessProperty: "error" } as const
export const IndexShape = Schema.Struct({
  transcripts: Schema.Int,
  bytesRead: Schema.Int,
  entries: Schema.Int,
  appended: Schema.Int,
  unreadable: Schema.Int,
  unrecognized: Schema.Int,
  durationMs: Schema.Number,
  notTaken: Schema.Int
})
export const SessionRow = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  project: Text,
  branch: Text,
  model: Text,
  status: Schema.Literal("active", "idle", "completed"),
  startedAt: Instant,
  updatedAt: Instant,
  messages: Schema.Int,
  costNanoUsd: Schema.NullOr(Schema.Int),
  forkOf: Text,
  subagents: Schema.Int
})
export const SessionsShape = Schema.Struct({ sessions: Schema.Array(SessionRow), total: Schema.Int })
export const SearchShape = Schema.Struct({
  hits: Schema.Array(
    Schema.Struct({ sessionId: Schema.String, messageId: Schema.String, at: Instant, role: Text, excerpt: Schema.String, score: Schema.NullOr(Schema.Number) })
  ),
  total: Schema.Int
})
const Totals = {
  input: Schema.Int,
  output: Schema.Int,
  cacheRead: Schema.Int,
  cacheWrite5m: Schema.Int,
  cacheWrite1h: Schema.Int,
  costNanoUsd: Schema.Int,
  responses: Schema.Int
}
export const UsageShape = Schema.Struct({
  totals: Schema.Struct(Totals),
  rows: Schema.Array(Schema.Struct({ key: Schema.String, label: Schema.String, path: Text, ...Totals, unpricedResponses: Schema.Int })),
  unpricedModels: Schema.Array(Schema.String),
  unpricedResponses: Schema.Int,
  notIncluded: Schema.Array(Schema.String)
})
export const DoctorTotals = Schema.Struct({
  sessions: Schema.Int,
  subagents: Schema.Int,
  forks: Schema.Int,
  toolCalls: Schema.Int,
  toolErrors: Schema.Int,
  compactions: Schema.Int,
  tasks: Schema.Struct({ created: Schema.Int, completed: Schema.Int }),
  filesTouched: Schema.Int,
  apiResponses: Schema.Int
})
export const DoctorShape = Schema.Struct({
  transcripts: Schema.Int,
  entries: Schema.Int,
  unreadable: Schema.Int,
  unrecognized: Schema.Int,
  totals: DoctorTotals,
  roots: Schema.Array(Schema.Struct({ path: Schema.String, state: Schema.String, message: Text })),
  notTaken: Schema.Struct({ count: Schema.Int, files: Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String, known: Schema.Boolean })) }),
  outputs: Schema.Struct({
    outputs: Schema.Int,
    bytes: Schema.Int,
    problemCount: Schema.Int,
    problems: Schema.Array(
      Schema.Struct({
        kind: Schema.String,
        sessionId: Schema.String,
        name: Schema.String,
        transcript: Text,
        line: Schema.NullOr(Schema.Int),
        reason: Schema.String
      })
    )
  }),
  problems: Schema.Array(
    Schema.Struct({
      kind: Schema.String,
      path: Text,
      line: Schema.Int,
      offset: Schema.Int,
      reason: Schema.String,
      lines: Schema.Int,
      transcript: Schema.String
    })
  ),
  versions: Schema.Struct({ han: Schema.String, coordinator: Schema.String, protocol: Schema.Int, bun: Text, sqlite: Schema.String }),
  cleanup: Schema.Array(Schema.Struct({ root: Schema.String, cleanupPeriodDays: Schema.Number, oldestTranscriptAt: Instant, nextDeletionAt: Instant })),
  usage: Schema.Struct({ unpricedModels: Schema.Array(Schema.String), notIncluded: Schema.Array(Schema.String) }),
  warnings: Schema.Array(Schema.String)
})
export const MessageShape = Schema.Struct({
  id: Schema.String,
  agentId: Text,
  transcript: Schema.String,
  line: Schema.Int,
  kind: Schema.String,
  role: Text,
  at: Instant,
  text: Schema.String,
  events: Schema.Array(Schema.Unknown)
})
export const SessionShape = Schema.Struct({
  session: SessionRow,
  agents: Schema.Array(Schema.Struct({ id: Schema.String, messages: Schema.Int, startedAt: Instant })),
  tasks: Schema.Array(Schema.Struct({ sequence: Schema.Int, subject: Schema.String, createdAt: Instant })),
  todos: Schema.Array(Schema.Unknown),
  files: Schema.Array(Schema.Struct({ path: Schema.String, at: Instant })),
  usage: UsageShape,
  compactions: Schema.Array(Schema.Unknown),
  summaries: Schema.Array(Schema.Unknown),
  messages: Schema.Array(MessageShape)
})
const Strings = Schema.Array(Schema.String)
const Trust = Schema.Struct({ state: Schema.Literal("trusted", "untrusted"), why: Schema.String })
const Decision = Schema.Struct({
  projectPath: Schema.String,
  digest: Schema.String,
  trustedAt: Instant,
  hooks: Schema.Array(Schema.Struct({ id: Schema.String, command: Schema.String }))
})
const Problems = Schema.Array(
  Schema.Struct({
    severity: Schema.Literal("error", "warning"),
    path: Schema.String,
    line: Schema.NullOr(Schema.Int),
    key: Text,
    message: Schema.String
  })
)
const HookFields = {
  name: Schema.String,
  command: Schema.String,
  takesFiles: Schema.Boolean,
  beforeAll: Text,
  events: Strings,
  dirsWith: Strings,
  dirTest: Text,
  fileTest: Text,
  ifChanged: Strings,
  dependsOn: Schema.Array(Schema.Struct({ plugin: Schema.String, hook: Schema.String, optional: Schema.Boolean })),
  timeoutSeconds: Schema.NullOr(Schema.Number),
  idleTimeoutSeconds: Schema.NullOr(Schema.Number),
  toolFilter: Schema.NullOr(Strings),
  sync: Schema.Boolean,
  mcp: Schema.Boolean,
  tip: Text,
  description: Text,
  enabled: Schema.Boolean,
  cache: Schema.Boolean,
  onError: Schema.Literal("open", "closed"),
  environment: Schema.Array(Schema.String),
  tools: Schema.Array(Schema.String),
  phase: Schema.NullOr(Schema.Literal("format", "lint", "typecheck", "build", "test")),
  line: Schema.NullOr(Schema.Int)
}
const ClientFields = {
  event: Schema.String,
  matcher: Text,
  type: Schema.String,
  what: Text,
  args: Schema.NullOr(Strings),
  condition: Text,
  async: Schema.Boolean,
  timeoutSeconds: Schema.NullOr(Schema.Number),
  file: Schema.String
}
const CallsShape = Schema.Array(
  Schema.Struct({
    event: Schema.String,
    by: Schema.Array(Schema.Struct({ plugin: Text, scope: Schema.String, file: Schema.String, type: Schema.String, what: Text, matcher: Text })),
    why: Text,
    mend: Text
  })
)
const Doubles = Schema.Array(Schema.Struct({ event: Schema.String, entries: Schema.Array(Schema.Unknown) }))
export const HookListShape = Schema.Struct({
  projectPath: Schema.String,
  hooks: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      plugin: Schema.String,
      marketplace: Schema.String,
      version: Text,
      aliases: Strings,
      ...HookFields,
      root: Schema.String,
      file: Schema.String,
      changedBy: Strings,
      disabledBy: Text,
      trust: Trust,
      calls: CallsShape
    })
  ),
  clientHooks: Schema.Array(Schema.Struct({ ...ClientFields, plugin: Text, scope: Schema.String })),
  trust: Schema.Struct({ digest: Text, hooks: Strings, decision: Schema.NullOr(Decision), outdated: Schema.Boolean }),
  doubles: Doubles,
  problems: Problems
})
export const PluginListShape = Schema.Struct({
  projectPath: Schema.String,
  plugins: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      marketplace: Schema.String,
      version: Text,
      aliases: Strings,
      enabled: Schema.Boolean,
      scope: Schema.Literal("managed", "user", "project", "local"),
      settings: Schema.String,
      root: Text,
      sameAs: Text,
      trust: Schema.NullOr(Trust),
      hooks: Schema.Int,
      clientHooks: Schema.Int
    })
  ),
  problems: Problems
})
export const PluginValidateShape = Schema.Struct({
  root: Schema.String,
  valid: Schema.Boolean,
  hooks: Schema.Array(Schema.Struct(HookFields)),
  clientHooks: Schema.Array(Schema.Struct(ClientFields)),
  problems: Problems
})
export const TrustListShape = Schema.Struct({ decisions: Schema.Array(Decision) })
export const CacheListShape = Schema.Struct({
  passes: Schema.Array(
    Schema.Struct({
      key: Schema.String,
      gate: Schema.String,
      hook: Schema.String,
      directory: Schema.String,
      command: Schema.String,
      files: Schema.Int,
      durationMs: Schema.Number,
      passedAt: Instant,
      usedAt: Instant,
      uses: Schema.Int
    })
  )
})
