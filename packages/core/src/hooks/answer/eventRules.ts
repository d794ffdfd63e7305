/** From the most to the least restrictive. */
export const permissions = ["deny", "defer", "ask", "allow"] as const
export type Permission = (typeof permissions)[number]

/** What a field of `hookSpecificOutput` may hold. */
export type FieldKind = "text" | "flag" | "object" | "texts" | "any" | "action"

/** What Claude Code makes of the answer to an event. */
export interface EventRule {
  /** Exit code 2 stops what is about to happen, sends the agent on, or tells it why; its reason is on stderr. */
  readonly blockable: boolean
  /** How JSON says the same: `decision: "block"`, `permissionDecision: "deny"`, or `decision.behavior: "deny"`; null where only the exit code is known to. */
  readonly says: "decision" | "permission" | "behavior" | null
  /** Exit code 2 or a block in JSON erases what the user has written: nothing else does. */
  readonly erases: boolean
  /** What plain text on stdout is: context for the model, instructions for the compaction, a path; null when it goes nowhere, or is only shown. */
  readonly plain: "context" | "instructions" | "path" | null
  /** Whether `additionalContext` reaches the model. `goes-on`: it does, and the agent goes on because of it. */
  readonly context: "read" | "goes-on" | null
  /** A called program may answer with JSON. */
  readonly json: boolean
  /** Where it may not: stdout is printed for the user as it is. */
  readonly shown: boolean
  readonly permissions: ReadonlyArray<Permission>
  /** The other fields of `hookSpecificOutput`. */
  readonly fields: Readonly<Record<string, FieldKind>>
}

const silent: EventRule = {
  blockable: false,
  says: null,
  erases: false,
  plain: null,
  context: null,
  json: true,
  shown: false,
  permissions: [],
  fields: {}
}
const blockable: EventRule = { ...silent, blockable: true }
const decided: EventRule = { ...blockable, says: "decision" }
const afterTools: EventRule = { ...decided, context: "read" }
const prompt: EventRule = { ...afterTools, erases: true, plain: "context", fields: { sessionTitle: "text", suppressOriginalPrompt: "flag" } }
const atEnd: EventRule = { ...decided, context: "goes-on" }
const watching: EventRule = { ...silent, fields: { watchPaths: "texts" } }
const asked: EventRule = { ...blockable, fields: { action: "action", content: "object" } }

const rules: Readonly<Record<string, EventRule>> = {
  SessionStart: {
    ...silent,
    plain: "context",
    context: "read",
    fields: { sessionTitle: "text", initialUserMessage: "text", watchPaths: "texts", reloadSkills: "flag" }
  },
  Setup: silent,
  InstructionsLoaded: silent,
  UserPromptSubmit: prompt,
  UserPromptExpansion: prompt,
  PreToolUse: { ...blockable, says: "permission", context: "read", permissions, fields: { updatedInput: "object" } },
  PermissionRequest: { ...silent, says: "behavior" },
  PermissionDenied: { ...silent, fields: { retry: "flag" } },
  PostToolUse: { ...afterTools, fields: { updatedToolOutput: "any", updatedMCPToolOutput: "any" } },
  PostToolUseFailure: afterTools,
  PostToolBatch: afterTools,
  Notification: silent,
  MessageDisplay: { ...silent, fields: { displayContent: "text" } },
  Stop: atEnd,
  SubagentStop: atEnd,
  SubagentStart: { ...silent, context: "read" },
  StopFailure: silent,
  TeammateIdle: blockable,
  TaskCreated: blockable,
  TaskCompleted: blockable,
  ConfigChange: decided,
  CwdChanged: watching,
  FileChanged: watching,
  DirectoryAdded: silent,
  // It reads stdout as the path, whatever is in it.
  WorktreeCreate: { ...blockable, plain: "path", json: false, fields: { worktreePath: "text" } },
  WorktreeRemove: blockable,
  // It takes stdout for instructions, JSON included.
  PreCompact: { ...blockable, plain: "instructions", context: "read", json: false },
  // It prints stdout, JSON included.
  PostCompact: { ...silent, json: false, shown: true },
  PreModelSwitch: { ...blockable, says: "permission", permissions: ["deny", "ask", "allow"] },
  PostModelSwitch: { ...silent, context: "read" },
  Elicitation: asked,
  ElicitationResult: asked,
  // It prints the stderr of exit code 2, ends all the same, and refuses JSON with context.
  SessionEnd: { ...blockable, json: false }
}

/** An event that nobody knows is one that can be blocked by exit code. By hand (null) there is nobody who reads JSON. */
export const ruleOf = (event: string | null): EventRule => {
  if (event === null) return { ...blockable, json: false }
  return Object.hasOwn(rules, event) ? (rules[event] ?? blockable) : blockable
}
