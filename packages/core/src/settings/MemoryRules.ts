/**
 * The files of instructions (`CLAUDE.md`, `rules/`) that Claude Code reads.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as ClaudeFolders from "han-core/ClaudeFolders"
 * import * as MemoryRules from "han-core/MemoryRules"
 *
 * const sizes = Effect.gen(function* () {
 *   const { rules } = yield* (yield* MemoryRules.MemoryRules).rules({ projectPaths: ["/home/dev/shop"] })
 *   return rules.map(({ domain, scope, size }) => `${scope} ${domain}: ${size} bytes`)
 * })
 *
 * const layer = MemoryRules.layer.pipe(Layer.provide(ClaudeFolders.layer({ folders: ["/home/dev/.claude"] })))
 * console.log(await Effect.runPromise(Effect.provide(sizes, layer)))
 * ```
 */

import * as path from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { readStart } from "../files/wholeFile.ts"
import { FileProblem } from "../journal/Transcripts.ts"
import type { StoreError } from "../store/StoreError.ts"
import { problemOf } from "../transcripts/transcriptFolders.ts"
import { ClaudeFolders } from "./ClaudeFolders.ts"
import { type RuleFile, ruleFilesIn } from "./ruleFiles.ts"

/** A file of instructions that Claude Code reads at the start of a session, or when it works on the file's subject. */
export const MemoryRule = Schema.Struct({
  /** Unique, the same at the next look. */
  id: Schema.String,
  path: Schema.String,
  /** Its text; the first 256 KiB of a longer one. */
  content: Schema.String,
  /** The user's, everybody's in a project, or the user's in a project. */
  source: Schema.Literal("user", "project", "local"),
  scope: Schema.Literal("USER", "PROJECT"),
  /** The subject, by the file's name: `testing/api` for `rules/testing/api.md`, `CLAUDE` for `CLAUDE.md`. */
  domain: Schema.String,
  projectName: Schema.NullOr(Schema.String),
  projectPath: Schema.NullOr(Schema.String),
  /** Bytes of the whole file. */
  size: Schema.Int
})
export type MemoryRule = typeof MemoryRule.Type

/** Rules, the user's before those of projects. `problems`: files that could not be read, or were left out beyond a bound. */
export const MemoryRuleList = Schema.Struct({ rules: Schema.Array(MemoryRule), problems: Schema.Array(FileProblem) })
export type MemoryRuleList = typeof MemoryRuleList.Type

/** The rules of the user and of projects. */
export class MemoryRules extends Context.Tag("han-core/MemoryRules")<
  MemoryRules,
  {
    /**
     * The user's `CLAUDE.md` and `rules/`, and for each project `CLAUDE.md`, `CLAUDE.local.md`, `.claude/CLAUDE.md` and `.claude/rules/`. A file that several
     * paths lead to is one rule. At most 1,000 files of a `rules` folder and 16 MiB of text in all.
     */
    readonly rules: (query: { readonly projectPaths: ReadonlyArray<string> }) => Effect.Effect<MemoryRuleList, StoreError>
  }
>() {}

const contentBytes = 1 << 18
const textInAll = 1 << 24

/** Serves the rules as the files have them. Every question reads the files anew. */
export const layer: Layer.Layer<MemoryRules, never, ClaudeFolders> = Layer.effect(
  MemoryRules,
  Effect.map(ClaudeFolders, (claude) => ({
    rules: Effect.fn("MemoryRules.rules")(function* (query: { readonly projectPaths: ReadonlyArray<string> }) {
      const problems: Array<FileProblem> = []
      const rules = new Map<string, MemoryRule>()
      let left = textInAll
      const add = Effect.fnUntraced(function* (file: RuleFile, owner: Pick<MemoryRule, "source" | "projectPath">) {
        if (rules.has(file.key)) return
        const found = yield* Effect.either(readStart(file.path, contentBytes))
        if (found._tag === "Left") return void problems.push(problemOf(found.left))
        if (found.right === null) return
        const { bytes, stats } = found.right
        if (left <= 0)
          return void problems.push({ path: file.path, message: `${file.path} was left out: the rules together are longer than ${textInAll} bytes` })
        const content = textOf(bytes.subarray(0, left))
        left -= bytes.length
        rules.set(file.key, {
          id: `rule:${file.path}`,
          path: file.path,
          content,
          source: owner.source,
          scope: owner.source === "user" ? "USER" : "PROJECT",
          domain: file.domain,
          projectName: owner.projectPath === null ? null : path.basename(owner.projectPath),
          projectPath: owner.projectPath,
          size: Number(stats.size)
        })
      })
      const addAll = Effect.fnUntraced(function* (names: ReadonlyArray<string>, rulesFolder: string | null, owner: Pick<MemoryRule, "source" | "projectPath">) {
        const { files, problems: more } = yield* ruleFilesIn(names, rulesFolder)
        problems.push(...more)
        yield* Effect.forEach(files, (file) => add(file, owner), { discard: true })
      })
      for (const folder of yield* claude.folders) {
        yield* addAll([path.join(folder.path, "CLAUDE.md")], path.join(folder.path, "rules"), { source: "user", projectPath: null })
      }
      for (const projectPath of new Set(query.projectPaths)) {
        if (!path.isAbsolute(projectPath)) {
          problems.push({ path: projectPath, message: `${projectPath} is no absolute path; no rules were looked for there` })
          continue
        }
        const at = path.resolve(projectPath)
        const project = { source: "project", projectPath: at } as const
        yield* addAll([path.join(at, "CLAUDE.md"), path.join(at, ".claude", "CLAUDE.md")], path.join(at, ".claude", "rules"), project)
        yield* addAll([path.join(at, "CLAUDE.local.md")], null, { source: "local", projectPath: at })
      }
      return { rules: [...rules.values()], problems }
    })
  }))
)

/** Bytes as text; a character that was cut at the end is left out. */
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes, { stream: true })
