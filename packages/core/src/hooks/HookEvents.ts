/**
 * The events of Claude Code's hooks, one row an event, with all that han knows of each.
 *
 * @example
 * ```ts
 * import { hookEvents, isHookEvent, unknownEvent } from "han-core/HookEvents"
 *
 * const shown = (event: string): string =>
 *   isHookEvent(event) ? `${event}: ${hookEvents[event].rule.blockable ? "can" : "cannot"} be blocked` : unknownEvent(event)
 * ```
 */

import { nearNames } from "../text/NearNames.ts"

// The events of Claude Code's hooks, one row an event. Sources: Claude Code's hooks reference (code.claude.com/docs/en/hooks), and what it was seen to send and to do
// (fixtures/claude-code). Loads neither Effect nor modules of the runtime: programs that an agent waits for read the table, too.

/** The values of `permissionDecision`, from the most to the least restrictive. */
export const permissions = ["deny", "defer", "ask", "allow"] as const
/** An answer to the question whether a tool may be used. */
export type Permission = (typeof permissions)[number]

/** The type of a field of `hookSpecificOutput`. */
export type FieldKind = "text" | "flag" | "object" | "texts" | "any" | "action"

/** The way in which Claude Code reads the answer to an event. */
export interface EventRule {
  /** Exit code 2 stops what is about to happen, sends the agent on, or tells it why; its reason is on stderr. */
  readonly blockable: boolean
  /** The form of the same in JSON: `decision: "block"`, `permissionDecision: "deny"`, or `decision.behavior: "deny"`; null where only the exit code is known to. */
  readonly says: "decision" | "permission" | "behavior" | null
  /** Exit code 2 or a block in JSON erases what the user has written: nothing else does. */
  readonly erases: boolean
  /** The meaning of plain text on stdout: context for the model, instructions for the compaction, a path; null when it goes nowhere, or is only shown. */
  readonly plain: "context" | "instructions" | "path" | null
  /** `read`: `additionalContext` reaches the model · `goes-on`: it does, and the agent goes on because of it · null: it does not. */
  readonly context: "read" | "goes-on" | null
  /** A called program may answer with JSON. */
  readonly json: boolean
  /** Claude Code prints stdout for the user as it is, JSON included. */
  readonly shown: boolean
  readonly permissions: ReadonlyArray<Permission>
  /** The other fields of `hookSpecificOutput`. */
  readonly fields: Readonly<Record<string, FieldKind>>
}

/** The field that Claude Code compares a matcher with at an event, and han with what stands behind the colon of `SessionStart:compact`. */
export interface MatchedField {
  /** The field of the payload; of `file_path` the base name is compared. */
  readonly name: string
  /** Its known values; null where the session decides: tools, agents, files. */
  readonly values: ReadonlyArray<string> | null
  /** It has no other values. */
  readonly closed: boolean
  /** Only `|` divides a matcher: `,`, `-` and a space are parts of a pattern. */
  readonly onlyBars: boolean
}

/** All that han knows of an event. */
export interface HookEventRow {
  readonly rule: EventRule
  /** Null: Claude Code compares nothing, and a matcher counts for nothing. */
  readonly matched: MatchedField | null
  /** Milliseconds that Claude Code waits for an entry without a `timeout`. */
  readonly clientWait: number
  /** The variable with milliseconds by which the user lengthens `clientWait`. */
  readonly clientWaitVariable: string | null
  /** False: Claude Code goes on at once, and ends what still runs when it ends itself. */
  readonly isAwaited: boolean
  /** The `timeout` of the entries that han writes, in seconds, where Claude Code by itself would not wait for a gate; null: none is written. */
  readonly ownTimeout: number | null
  /** The slots that its commands share: `work` for what an agent waits for while it works, so that tests at its end hold up no tool. */
  readonly slot: "work" | "other"
  /** It comes with each call of a tool or each piece of a message: what the user is told there is said once an hour in a session. */
  readonly isFrequent: boolean
  /** Claude Code sends entries of type `http`. */
  readonly http: boolean
  /** Its commands set variables for later commands of the agent, by the file that `CLAUDE_ENV_FILE` names. */
  readonly setsVariables: boolean
  /** When `han setup` writes an entry: always, when a hook needs one, when `--event` names it, or never, for the entry would replace what Claude Code does. */
  readonly installedBySetup: "always" | "needed" | "asked" | "never"
}

const silent: EventRule = { blockable: false, says: null, erases: false, plain: null, context: null, json: true, shown: false, permissions: [], fields: {} }
const blockable: EventRule = { ...silent, blockable: true }
const decided: EventRule = { ...blockable, says: "decision" }
const afterTools: EventRule = { ...decided, context: "read" }
const prompt: EventRule = { ...afterTools, erases: true, plain: "context", fields: { sessionTitle: "text", suppressOriginalPrompt: "flag" } }
const atEnd: EventRule = { ...decided, context: "goes-on" }
const watching: EventRule = { ...silent, fields: { watchPaths: "texts" } }
const elicited: EventRule = { ...blockable, fields: { action: "action", content: "object" } }

const any = (name: string): MatchedField => ({ name, values: null, closed: false, onlyBars: false })
const known = (name: string, values: string): MatchedField => ({ ...any(name), values: values.split(" ") })
const closed = (name: string, values: string): MatchedField => ({ ...known(name, values), closed: true })
const toolName = any("tool_name")
const trigger = closed("trigger", "manual auto")

/** The behaviour of Claude Code at most events. Each row says its rule and its matched field itself. */
const usual = {
  clientWait: 600_000,
  clientWaitVariable: null,
  isAwaited: true,
  ownTimeout: null,
  slot: "other",
  isFrequent: false,
  http: true,
  setsVariables: false,
  installedBySetup: "needed"
} satisfies Partial<HookEventRow>
const often = { ...usual, isFrequent: true } satisfies Partial<HookEventRow>
const atWork = { ...often, slot: "work" } satisfies Partial<HookEventRow>
const atPrompts = { ...usual, slot: "work" } satisfies Partial<HookEventRow>

const table = {
  SessionStart: {
    ...usual,
    rule: {
      ...silent,
      plain: "context",
      context: "read",
      fields: { sessionTitle: "text", initialUserMessage: "text", watchPaths: "texts", reloadSkills: "flag" }
    },
    matched: closed("source", "startup resume clear compact fork"),
    http: false,
    setsVariables: true,
    installedBySetup: "always"
  },
  Setup: { ...usual, rule: silent, matched: closed("trigger", "init maintenance"), http: false, setsVariables: true },
  UserPromptSubmit: { ...atPrompts, rule: prompt, matched: null, clientWait: 30_000, ownTimeout: 600 },
  UserPromptExpansion: { ...atPrompts, rule: prompt, matched: any("command_name") },
  PreToolUse: { ...atWork, rule: { ...blockable, says: "permission", context: "read", permissions, fields: { updatedInput: "object" } }, matched: toolName },
  PermissionRequest: { ...atWork, rule: { ...silent, says: "behavior" }, matched: toolName },
  PermissionDenied: { ...often, rule: { ...silent, fields: { retry: "flag" } }, matched: toolName },
  PostToolUse: {
    ...atWork,
    rule: { ...afterTools, fields: { updatedToolOutput: "any", updatedMCPToolOutput: "any" } },
    matched: toolName,
    installedBySetup: "always"
  },
  PostToolUseFailure: { ...atWork, rule: afterTools, matched: toolName },
  PostToolBatch: { ...atWork, rule: afterTools, matched: null },
  Notification: {
    ...often,
    rule: silent,
    matched: known(
      "notification_type",
      "permission_prompt idle_prompt auth_success elicitation_dialog elicitation_url_dialog elicitation_complete elicitation_response agent_needs_input " +
        "agent_completed quota_auto_resume_fired quota_auto_resume_stale quota_auto_resume_disabled"
    )
  },
  MessageDisplay: {
    ...often,
    rule: { ...silent, fields: { displayContent: "text" } },
    matched: null,
    clientWait: 10_000,
    // It comes with every line that is shown.
    installedBySetup: "asked"
  },
  Stop: { ...usual, rule: atEnd, matched: null, installedBySetup: "always" },
  SubagentStop: { ...usual, rule: atEnd, matched: any("agent_type"), installedBySetup: "always" },
  SubagentStart: { ...often, rule: { ...silent, context: "read" }, matched: any("agent_type") },
  TaskCreated: { ...often, rule: blockable, matched: null },
  TaskCompleted: { ...often, rule: blockable, matched: null },
  StopFailure: {
    ...usual,
    rule: silent,
    matched: {
      ...known(
        "error",
        "rate_limit overloaded authentication_failed oauth_org_not_allowed account_on_hold billing_error invalid_request model_not_found server_error " +
          "max_output_tokens cloud_credential_error unknown"
      ),
      onlyBars: true
    },
    isAwaited: false
  },
  TeammateIdle: { ...usual, rule: blockable, matched: null },
  InstructionsLoaded: {
    ...often,
    rule: silent,
    matched: known("load_reason", "session_start nested_traversal path_glob_match include compact"),
    isAwaited: false
  },
  ConfigChange: { ...often, rule: decided, matched: known("source", "user_settings project_settings local_settings policy_settings skills") },
  CwdChanged: { ...often, rule: watching, matched: null, isAwaited: false, setsVariables: true },
  DirectoryAdded: { ...often, rule: silent, matched: known("source", "slash_command register_repo_root") },
  FileChanged: { ...often, rule: watching, matched: { ...any("file_path"), onlyBars: true }, setsVariables: true },
  // It reads stdout as the path, whatever is in it.
  WorktreeCreate: {
    ...usual,
    rule: { ...blockable, plain: "path", json: false, fields: { worktreePath: "text" } },
    matched: null,
    installedBySetup: "never"
  },
  WorktreeRemove: { ...usual, rule: blockable, matched: null },
  // It takes stdout for instructions, JSON included.
  PreCompact: { ...usual, rule: { ...blockable, plain: "instructions", context: "read", json: false }, matched: trigger },
  // It prints stdout, JSON included.
  PostCompact: { ...usual, rule: { ...silent, json: false, shown: true }, matched: trigger },
  PreModelSwitch: {
    ...usual,
    rule: { ...blockable, says: "permission", permissions: ["deny", "ask", "allow"] },
    matched: any("to_model"),
    clientWait: 30_000,
    ownTimeout: 600
  },
  PostModelSwitch: { ...usual, rule: { ...silent, context: "read" }, matched: any("to_model") },
  Elicitation: { ...usual, rule: elicited, matched: any("mcp_server_name") },
  ElicitationResult: { ...usual, rule: elicited, matched: any("mcp_server_name") },
  // It prints the stderr of exit code 2, ends all the same, and refuses JSON with context.
  SessionEnd: {
    ...usual,
    rule: { ...blockable, json: false },
    // The last one is of earlier versions.
    matched: closed("reason", "clear resume logout prompt_input_exit other bypass_permissions_disabled"),
    clientWait: 1500,
    clientWaitVariable: "CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS",
    ownTimeout: 60
  }
} satisfies Readonly<Record<string, HookEventRow>>

/** An event that han knows. */
export type HookEvent = keyof typeof table

/** The rows of all events, by the event's name. */
export const hookEvents: Readonly<Record<HookEvent, HookEventRow>> = table

/** True for the name of an event that han knows; names are case-sensitive. */
export const isHookEvent = (name: string): name is HookEvent => Object.hasOwn(table, name)

/** The names of all events, in the order of the table. */
export const hookEventNames: ReadonlyArray<HookEvent> = Object.keys(table).filter(isHookEvent)

/** The row of an event; null for an unknown one, and for none. */
export const rowOf = (event: string | null): HookEventRow | null => (event !== null && isHookEvent(event) ? hookEvents[event] : null)

/**
 * The rule of an event. Nothing blocks an unknown event, which a newer Claude Code may have: nobody knows what its answer would do there. By hand (null) the exit code says a
 * block, and nobody reads JSON.
 */
export const ruleOf = (event: string | null): EventRule => (event === null ? { ...blockable, json: false } : (rowOf(event)?.rule ?? silent))

/** Tells whether Claude Code watches the files that a matcher names: their base names are compared, and no pattern is one. */
export const watchesFiles = (event: string): boolean => rowOf(event)?.matched?.name === "file_path"

/** The sentence about a name that is no event, without its end: it names the events that look most like it. */
export const unknownEvent = (name: string): string =>
  `"${name.slice(0, 60)}" is no event of Claude Code that han knows (did you mean ${nearNames(name, hookEventNames, 3).join(", ")}?)`

/** Says why han is not called at an event, in a sentence without its end; null when `han setup` can see to it. */
export const refusalOf = (event: string): string | null =>
  !isHookEvent(event)
    ? unknownEvent(event)
    : hookEvents[event].installedBySetup === "never"
      ? `${event} is not possible: an entry for it makes Claude Code leave the making of worktrees to its command, which han does not do`
      : null
