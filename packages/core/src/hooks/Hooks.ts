/**
 * The hooks of a project, with what is wrong with them, and the decisions to trust those that its repository brings.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Hooks } from "han-core/Hooks"
 *
 * // Shows what the repository would run, and trusts exactly that.
 * const trust = (projectPath: string) =>
 *   Effect.gen(function* () {
 *     const hooks = yield* Hooks
 *     const list = yield* hooks.list({ projectPath })
 *     for (const { command, id } of list.hooks.filter(({ id }) => list.trust.hooks.includes(id))) yield* Effect.logInfo(`${id}: ${command}`)
 *     if (list.trust.digest !== null) yield* hooks.trust({ projectPath, digest: list.trust.digest })
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { JsonFileBroken, JsonFileUnreadable, JsonFileUnwritable } from "../files/JsonFile.ts"
import type { StoreError } from "../store/StoreError.ts"
import { ClientHook, Hook, HookPlugin, HookProblem } from "./Hook.ts"

/** A project, as a configuration folder sees it. */
export const HookQuery = Schema.Struct({
  /** An absolute path. */
  projectPath: Schema.String,
  /** The one configuration folder of Claude Code that counts; if absent all that are known, the default one before others. */
  folder: Schema.optional(Schema.String)
})
export type HookQuery = typeof HookQuery.Type

/** A decision that a person took with `han trust`. */
export const TrustDecision = Schema.Struct({
  projectPath: Schema.String,
  /** The digest of all that was not trusted by itself. */
  digest: Schema.String,
  /** Milliseconds since 1970. */
  trustedAt: Schema.Number,
  /** The hooks that it is about, with their commands. */
  hooks: Schema.Array(Schema.Struct({ id: Schema.String, command: Schema.String }))
})
export type TrustDecision = typeof TrustDecision.Type

/** The change of a file since a decision that it was part of. */
export const FileOfTrust = Schema.Struct({ path: Schema.String, change: Schema.Literal("changed", "added", "removed") })
export type FileOfTrust = typeof FileOfTrust.Type

/** The hooks of a project. */
export const HookList = Schema.Struct({
  /** Without symbolic links. */
  projectPath: Schema.String,
  /** All hooks by plugin, in the order of their files, those that are off included. */
  hooks: Schema.Array(Hook),
  clientHooks: Schema.Array(ClientHook),
  /** The settings that keep Claude Code from running some of `clientHooks`, or all. `HookCallers` says what that means for a hook. */
  client: Schema.Struct({
    /** The file whose `disableAllHooks` switches all of them off. */
    disabledBy: Schema.NullOr(Schema.String),
    /** The managed file whose `allowManagedHooksOnly` leaves only those of managed settings and plugins. */
    managedOnlyBy: Schema.NullOr(Schema.String),
    /** Files of settings and plugins that Claude Code leaves out whole: what they say is listed here, and does not hold. */
    ignored: Schema.Array(HookProblem)
  }),
  plugins: Schema.Array(HookPlugin),
  problems: Schema.Array(HookProblem),
  /**
   * The hooks that only the repository enables or defines. `digest` stands for all of them, to the byte; null when there is nothing to decide.
   * `hooks`: the ids of what a decision for this digest is about. `decision`: the one that was taken for this digest.
   */
  trust: Schema.Struct({
    digest: Schema.NullOr(Schema.String),
    hooks: Schema.Array(Schema.String),
    decision: Schema.NullOr(TrustDecision),
    /** One was taken, for other content. */
    outdated: Schema.Boolean,
    /** The files that are not what they were when it was taken, by absolute path; none where it was taken by a release that did not keep them. */
    changed: Schema.Array(FileOfTrust)
  }),
  /** Files and folders that had to be read for this answer; what has not changed since an earlier one is not. */
  read: Schema.Int
})
export type HookList = typeof HookList.Type

/** No folder that can be a project. */
export class HookProjectInvalid extends Schema.TaggedError<HookProjectInvalid>("han-core/HookProjectInvalid")("HookProjectInvalid", {
  projectPath: Schema.String,
  message: Schema.String
}) {}

/** The hooks that were to be trusted are not those that are there now. Nothing was written. */
export class HookContentChanged extends Schema.TaggedError<HookContentChanged>("han-core/HookContentChanged")("HookContentChanged", {
  projectPath: Schema.String,
  message: Schema.String
}) {}

/** The file of decisions could not be read or written; it is as it was. */
export const TrustFileError = Schema.Union(JsonFileBroken, JsonFileUnreadable, JsonFileUnwritable)
export type TrustFileError = typeof TrustFileError.Type

/**
 * The hooks that plugins and settings define. Trusted by themselves are plugins that the user's or the managed settings enable, and those that Claude Code has
 * installed for the user or the project. What only files of the repository enable or define (`.claude/`, `han.yml`, `han-config.yml`) counts as `untrusted` until
 * `trust` was called for exactly that; nothing untrusted may be run. A `StoreError` means that whoever has the files does not answer.
 */
export class Hooks extends Context.Tag("han-core/Hooks")<
  Hooks,
  {
    /** Broken files are among the problems, and hide nothing but themselves. */
    readonly list: (query: HookQuery) => Effect.Effect<HookList, HookProjectInvalid | StoreError>
    /** Trusts what `list` has shown under this digest. */
    readonly trust: (
      query: HookQuery & { readonly digest: string }
    ) => Effect.Effect<TrustDecision, HookProjectInvalid | HookContentChanged | TrustFileError | StoreError>
    /** Takes a decision back; false when there was none. The project need not be there any more. */
    readonly revoke: (projectPath: string) => Effect.Effect<boolean, TrustFileError | StoreError>
    /** All decisions, ordered by project. */
    readonly decisions: Effect.Effect<ReadonlyArray<TrustDecision>, TrustFileError | StoreError>
  }
>() {}
