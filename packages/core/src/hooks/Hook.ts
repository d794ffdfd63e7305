/**
 * Hooks as plugins and settings define them: when one is due, where it runs, what it reads, and if it is trusted.
 *
 * @example
 * ```ts
 * import { type Hook, inSeconds, takesFiles, triggerText } from "han-core/Hook"
 *
 * const described = (hook: Hook): string =>
 *   [
 *     `${hook.id} at ${hook.triggers.map(triggerText).join(", ")}`,
 *     `runs ${hook.command}${takesFiles(hook) ? " for the changed files" : ""}`,
 *     `for ${inSeconds(hook.timeout) ?? 300} seconds at most`,
 *     ...(hook.trust.state === "trusted" ? [] : [hook.trust.why])
 *   ].join("\n")
 * ```
 */

import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

/** A limit on the time that a part of a hook takes. Files say seconds; a bare number never travels. */
export const HookLimit = Schema.DurationFromMillis.pipe(Schema.brand("HookLimit"))
export type HookLimit = typeof HookLimit.Type

/**
 * When a hook is due. `values`: what the event must be about, names or patterns: tools for events of tools, sources for `SessionStart`, types of agents for
 * `SubagentStop` (`HookMatcher` knows what at which event); null for all of them.
 */
export const HookTrigger = Schema.Struct({ event: Schema.String, values: Schema.NullOr(Schema.Array(Schema.String)) })
export type HookTrigger = typeof HookTrigger.Type

/** A hook that must have passed before. A missing one that is `optional` is no error. */
export const HookDependency = Schema.Struct({ plugin: Schema.String, hook: Schema.String, optional: Schema.Boolean })
export type HookDependency = typeof HookDependency.Type

/** The order of hooks that are about the same files: those that change files before those that look at them, the quick before the slow. */
export const HookPhase = Schema.Literal("format", "lint", "typecheck", "build", "test")
export type HookPhase = typeof HookPhase.Type

/** A hook as `han-plugin.yml` defines it, and files of settings change it. */
export const HookDefinition = Schema.Struct({
  name: Schema.String,
  /** For a shell, in each directory. `${HAN_FILES}` in it stands for the affected files. */
  command: Schema.String,
  /** For a shell, once before the directories; only files of settings have it. */
  beforeAll: Schema.NullOr(Schema.String),
  /**
   * Never empty. `Stop` implies `SubagentStop` for all subagents, unless the file names `SubagentStop` itself or says `subagents: false`; both are meant when it
   * names no event. A key of its own says it, for a list of events could only say it by what is not in it.
   */
  triggers: Schema.Array(HookTrigger),
  /**
   * Markers of the directories that the hook is for: those that hold ANY of them. A marker is the name of a file or folder, or a glob for one. Without a `/` it counts in
   * every directory of the project, however deep; with a `/` it is a path from the project's root, and the root is the directory that is meant. None: the root.
   */
  dirsWith: Schema.Array(Schema.String),
  /** For a shell: a directory is kept when it ends with 0. */
  dirTest: Schema.NullOr(Schema.String),
  /** For a shell: a file is kept when it ends with 0. */
  fileTest: Schema.NullOr(Schema.String),
  /** Globs from each directory: the files whose change makes the hook due. None: it is always due. */
  ifChanged: Schema.Array(Schema.String),
  dependsOn: Schema.Array(HookDependency),
  /** The limit of a run; null: han's own. */
  timeout: Schema.NullOr(HookLimit),
  /** Without any output; null: none. */
  idleTimeout: Schema.NullOr(HookLimit),
  /** The only tools that make it due, whatever the event says; null for all. */
  toolFilter: Schema.NullOr(Schema.Array(Schema.String)),
  /** The names of variables that its commands get from the caller beside those that all get, and whose values count as content. */
  environment: Schema.Array(Schema.String),
  /** Programs whose version counts as content: what `NAME --version` prints. */
  tools: Schema.Array(Schema.String),
  /** Null: by its name where that is a phase's (`format`, `lint`, …), else none. */
  phase: Schema.NullOr(HookPhase),
  /** Claude Code waits for it. */
  sync: Schema.Boolean,
  mcp: Schema.Boolean,
  tip: Schema.NullOr(Schema.String),
  description: Schema.NullOr(Schema.String),
  enabled: Schema.Boolean,
  /** A pass is used again for the same content. */
  cache: Schema.Boolean,
  /** The end of a hook that could not be run: `open`: the agent goes on · `closed`: it is blocked. */
  onError: Schema.Literal("open", "closed"),
  /** The line of its file that it begins at; the first line is 1. */
  line: Schema.NullOr(Schema.Int)
})
export type HookDefinition = typeof HookDefinition.Type

/** The scope of settings: `project` and `local` are those that lie in the repository. */
export const HookScope = Schema.Literal("managed", "user", "project", "local")
export type HookScope = typeof HookScope.Type

/** Says if han runs a hook, and `why`, in words. */
export const HookTrust = Schema.Struct({ state: Schema.Literal("trusted", "untrusted"), why: Schema.String })
export type HookTrust = typeof HookTrust.Type

/** A hook of an enabled plugin in a project, with all that settings change of it. */
export const Hook = Schema.Struct({
  ...HookDefinition.fields,
  /** `plugin@marketplace/hook`, unique. */
  id: Schema.String,
  plugin: Schema.String,
  marketplace: Schema.String,
  version: Schema.NullOr(Schema.String),
  /** The other names that its plugin goes by: in its marketplace, and in its own manifest. */
  aliases: Schema.Array(Schema.String),
  /** The folder of the plugin, without symbolic links. */
  root: Schema.String,
  /** The file that defines it. */
  file: Schema.String,
  /** The files of settings that change it, the weakest first. */
  changedBy: Schema.Array(Schema.String),
  /** The file that switches it off; null when it is on, or off by its definition. */
  disabledBy: Schema.NullOr(Schema.String),
  trust: HookTrust
})
export type Hook = typeof Hook.Type

/** An entry that Claude Code itself runs; han shows it and does nothing with it. */
export const ClientHook = Schema.Struct({
  event: Schema.String,
  matcher: Schema.NullOr(Schema.String),
  /** `command`, `http`, `prompt`, `agent`, `mcp_tool`, or what the file says. */
  type: Schema.String,
  /** The command, the address, the prompt or the tool; null when the entry has none. */
  what: Schema.NullOr(Schema.String),
  args: Schema.NullOr(Schema.Array(Schema.String)),
  condition: Schema.NullOr(Schema.String),
  timeout: Schema.NullOr(HookLimit),
  async: Schema.Boolean,
  /** `plugin@marketplace`; null for one of a settings file. */
  plugin: Schema.NullOr(Schema.String),
  scope: HookScope,
  file: Schema.String
})
export type ClientHook = typeof ClientHook.Type

/** A plugin that some settings name. */
export const HookPlugin = Schema.Struct({
  name: Schema.String,
  marketplace: Schema.String,
  version: Schema.NullOr(Schema.String),
  aliases: Schema.Array(Schema.String),
  enabled: Schema.Boolean,
  /** The strongest that says whether it is enabled, and its file. */
  scope: HookScope,
  settings: Schema.String,
  /** Null when it is not enabled, or nowhere. */
  root: Schema.NullOr(Schema.String),
  /** The plugin (`name@marketplace`) whose folder is the same one, and whose hooks stand for it. */
  sameAs: Schema.NullOr(Schema.String),
  /** Null when it is not enabled, or nowhere. */
  trust: Schema.NullOr(HookTrust),
  hooks: Schema.Int,
  clientHooks: Schema.Int
})
export type HookPlugin = typeof HookPlugin.Type

/** `error`: what it is about counts for nothing · `warning`: it counts, but perhaps not as meant. `message` says what is wrong, where, and what to do. */
export const HookProblem = Schema.Struct({
  severity: Schema.Literal("error", "warning"),
  path: Schema.String,
  /** From 1; null where there is no single one. */
  line: Schema.NullOr(Schema.Int),
  /** As `hooks.lint.timeout`. */
  key: Schema.NullOr(Schema.String),
  message: Schema.String
})
export type HookProblem = typeof HookProblem.Type

/** The hooks that a plugin's own files define, with the faults in them. */
export interface PluginHooks {
  readonly hooks: ReadonlyArray<HookDefinition>
  readonly problems: ReadonlyArray<HookProblem>
}

/** Tells whether a command says where the affected files are to stand: `${HAN_FILES}` or `$HAN_FILES`. */
export const takesFiles = (hook: { readonly command: string }): boolean => /\$(\{HAN_FILES\}|HAN_FILES(?![A-Za-z0-9_]))/.test(hook.command)

/** The seconds of a limit; null without one. */
export const inSeconds = (limit: HookLimit | null): number | null => (limit === null ? null : Duration.toSeconds(limit))

/** `PostToolUse:Edit|Write` */
export const triggerText = ({ event, values }: HookTrigger): string => (values === null ? event : `${event}:${values.join("|")}`)
