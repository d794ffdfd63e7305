import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { JsonFileBroken, readNoting } from "../../files/JsonFile.ts"
import { kept, type Work } from "../../files/keptReads.ts"
import { readWhole } from "../../files/wholeFile.ts"
import { maxYamlBytes, parseYaml, type YamlFile } from "../../files/yamlFile.ts"
import type { HanConfigSource } from "../../settings/hanConfig.ts"
import { type JsonObject, object } from "../../text/json.ts"
import { laxText } from "../../text/strictJson.ts"
import type { ClientHook, HookDefinition, HookProblem } from "../Hook.ts"
import { type ClientEntry, clientHooksIn } from "./clientHooks.ts"
import { hanPluginFile, hooksIn } from "./hanPluginFile.ts"
import { changesIn, type HookChanges } from "./hookChanges.ts"

export interface PluginFiles {
  /** Its `han-plugin.yml`, there or not. */
  readonly file: string
  readonly hooks: ReadonlyArray<HookDefinition>
  readonly client: ReadonlyArray<Omit<ClientHook, "plugin" | "scope">>
  /** The files that Claude Code leaves out whole. */
  readonly ignored: ReadonlyArray<HookProblem>
}

/** A file's value with what is wrong in it. */
interface Said<A> {
  readonly value: A
  readonly problems: ReadonlyArray<HookProblem>
}

/** Reads the files that hooks come from; each is kept until it changes. */
export const hookReading = () => {
  const jsonOf = kept<Said<JsonObject | null> & { readonly ignored: HookProblem | null }>(readJson)
  const pluginFile = kept<Said<ReadonlyArray<HookDefinition>>>((file) =>
    Effect.map(readYaml(file), ({ problems, value }) => {
      if (value === null) return { value: [], problems }
      const found = hooksIn(value)
      return { value: found.hooks, problems: found.problems }
    })
  )
  const yaml = kept<Said<YamlFile | null>>(readYaml)

  /** A file that Claude Code reads, too: `ignored` says why it leaves that out whole, null when it does not. */
  const settings = (work: Work, file: string, problems: Array<HookProblem>) =>
    Effect.map(jsonOf(work, file), ({ ignored, problems: found, value }) => {
      for (const problem of ignored === null ? found : [ignored])
        if (!problems.some((one) => one.path === problem.path && one.message === problem.message)) problems.push(problem)
      return { value, ignored }
    })

  const json = (work: Work, file: string, problems: Array<HookProblem> = []): Effect.Effect<JsonObject | null> =>
    Effect.map(jsonOf(work, file), (said) => {
      for (const problem of said.problems) if (!problems.some((one) => one.path === problem.path && one.message === problem.message)) problems.push(problem)
      return said.value
    })

  const clientHooks = Effect.fnUntraced(function* (work: Work, file: string, problems: Array<HookProblem>) {
    const { ignored, value } = yield* settings(work, file, problems)
    const found = clientHooksIn(value?.hooks, file)
    problems.push(...found.problems)
    return { entries: found.entries, ignored }
  })

  const plugin = Effect.fnUntraced(function* (work: Work, root: string, problems: Array<HookProblem>) {
    const file = path.join(root, hanPluginFile)
    const said = yield* pluginFile(work, file)
    problems.push(...said.problems)
    const manifestFile = path.join(root, ".claude-plugin", "plugin.json")
    const hooksFile = path.join(root, "hooks", "hooks.json")
    const manifest = yield* settings(work, manifestFile, problems)
    const inline = object(manifest.value?.hooks)
    const inManifest = clientHooksIn(inline?.hooks ?? inline ?? undefined, manifestFile)
    problems.push(...inManifest.problems)
    const own = yield* clientHooks(work, hooksFile, problems)
    const at = (file: string) => (entry: ClientEntry) => ({ ...entry, file })
    return {
      file,
      hooks: said.value,
      client: [...own.entries.map(at(hooksFile)), ...inManifest.entries.map(at(manifestFile))],
      ignored: [own.ignored, manifest.ignored].flatMap((problem) => problem ?? [])
    } satisfies PluginFiles
  })

  const changes = Effect.fnUntraced(function* (work: Work, source: HanConfigSource, file: string, problems: Array<HookProblem>) {
    const said = yield* yaml(work, file)
    problems.push(...said.problems)
    return said.value === null ? null : (changesIn(said.value, source, problems) satisfies HookChanges)
  })

  return { json, settings, plugin, changes, settingsHooks: clientHooks }
}

export type HookReading = ReturnType<typeof hookReading>

const readJson = (file: string) =>
  Effect.match(readNoting(file), {
    onFailure: (error) => {
      const line = error instanceof JsonFileBroken ? error.line : null
      const problem: HookProblem = { severity: "error", path: error.path, line, key: null, message: error.message }
      return { value: null, problems: [problem], ignored: problem }
    },
    onSuccess: (found) => {
      const laxity = found?.laxity ?? null
      const ignored: HookProblem | null =
        laxity === null ? null : { severity: "error", path: file, line: laxity.line, key: null, message: laxText(file, laxity) }
      return { value: found?.value ?? null, problems: [], ignored }
    }
  })

const readYaml = Effect.fnUntraced(function* (file: string) {
  const failed = (line: number | null, message: string): Said<YamlFile | null> => ({
    value: null,
    problems: [{ severity: "error", path: file, line, key: null, message }]
  })
  const found = yield* Effect.either(readWhole(file, maxYamlBytes))
  if (Either.isLeft(found)) return failed(null, found.left.message)
  if (found.right === null) return { value: null, problems: [] } satisfies Said<YamlFile | null>
  const parsed = yield* parseYaml(file, found.right.bytes)
  if (Either.isRight(parsed)) return { value: parsed.right, problems: [] } satisfies Said<YamlFile | null>
  const { line, why } = parsed.left
  return failed(line, `${file}${line === null ? "" : `, line ${line}`}: ${why}. Correct it there; nothing in it counts until then`)
})
