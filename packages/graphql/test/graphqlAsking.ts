import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLError,
  parse,
  validate,
  validateSubscriptionArgs
} from "graphql"
import * as ClaudeFolders from "han-core/ClaudeFolders"
import * as ClaudeSettingsFiles from "han-core/ClaudeSettingsFiles"
import { ConfigDirs } from "han-core/ConfigDirs"
import type { DirectoryWriter } from "han-core/Directories"
import { type Append, JournalWriter } from "han-core/JournalWriter"
import * as MemoryRules from "han-core/MemoryRules"
import * as PluginFiles from "han-core/PluginFiles"
import type { StoreUnusable } from "han-core/StoreError"
import { SyncClient } from "han-core/SyncClient"
import { Viewer } from "han-core/Viewer"
import * as ChangeFeed from "han-graphql/ChangeFeed"
import * as GraphqlContext from "han-graphql/GraphqlContext"
import type { GraphqlRequirements, MachineRequirements } from "han-graphql/GraphqlRequirements"
import * as ConfigRoots from "han-server/unstable/ConfigRoots"
import * as SqliteStore from "han-sql/SqliteStore"
import { freshPgStore } from "../../../test/postgresStore.ts"
import { schema } from "./fullSchema.ts"

/** The services that tests write with. */
type Writers = JournalWriter | DirectoryWriter
export type Store = Layer.Layer<GraphqlRequirements | Writers, StoreUnusable>

/** Every store that the schema must answer the same on. */
export const stores: ReadonlyArray<readonly [name: string, fresh: () => Store]> = [
  ["SqliteStore", () => SqliteStore.layer({ filename: ":memory:" })],
  ["PgStore", () => freshPgStore()]
]

/** What a test reads of an answer: it has the shape of its question, which stands beside it in the test. */
export type Answer = ReturnType<typeof JSON.parse>

/** The schema over a store and over files of its own, as a program has it. */
export interface Asking {
  /** What is answered; fails on any error in it. */
  readonly ask: (source: string, variables?: Readonly<Record<string, unknown>>) => Promise<Answer>
  /** What is wrong with the question, or with its answer. */
  readonly errors: (source: string, variables?: Readonly<Record<string, unknown>>) => Promise<ReadonlyArray<GraphQLError>>
  readonly subscribe: (source: string, variables?: Readonly<Record<string, unknown>>) => Promise<Subscription>
  readonly append: (...appends: ReadonlyArray<Append>) => Promise<void>
  readonly run: <A, E>(effect: Effect.Effect<A, E, GraphqlRequirements | MachineRequirements | Viewer | Writers>) => Promise<A>
  readonly feeds: ChangeFeed.ChangeFeeds
  /** A folder of the test's own: `.claude` in it is the configuration folder. */
  readonly folder: string
  readonly close: () => Promise<void>
}
export interface Subscription {
  /** The next event's answer; fails on any error in it. Undefined when there is none any more. */
  readonly next: () => Promise<Answer>
  /** So many of them. */
  readonly take: (count: number) => Promise<ReadonlyArray<Answer>>
  readonly end: () => Promise<unknown>
}

const documents = new Map<string, DocumentNode>()
const documentOf = (source: string): DocumentNode => {
  let document = documents.get(source)
  if (document === undefined) {
    document = parse(source)
    const wrong = validate(schema, document)
    if (wrong.length > 0) throw new AggregateError(wrong, wrong.map(({ message }) => message).join("\n"))
    documents.set(source, document)
  }
  return document
}
const dataOf = ({ data, errors }: ExecutionResult): Answer => {
  if (errors !== undefined) throw new AggregateError(errors, errors.map(({ message, path }) => `${path?.join(".")}: ${message}`).join("\n"))
  // As it goes over the wire.
  return JSON.parse(JSON.stringify(data))
}

export interface Options extends ChangeFeed.Options {
  readonly timeZone?: string
  /** Nothing is sent without. */
  readonly sync?: Layer.Layer<SyncClient>
}

export const open = async (store: Store, { maxWaiting, sync = SyncClient.layerOff, timeZone = "UTC" }: Options = {}): Promise<Asking> => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "han-graphql-")))
  mkdirSync(join(folder, ".claude"))
  const dirs = ConfigRoots.make({
    configFile: join(folder, "config.json"),
    config: {},
    hanHome: join(folder, "han"),
    given: [{ path: join(folder, ".claude") }],
    userHome: folder
  })
  const files = Layer.mergeAll(ClaudeSettingsFiles.layer, MemoryRules.layer, PluginFiles.layer).pipe(
    Layer.provide(ClaudeFolders.layerConfigDirs({})),
    Layer.provideMerge(
      Layer.effect(
        ConfigDirs,
        Effect.map(dirs, (roots) => roots.dirs)
      )
    )
  )
  const managed = ManagedRuntime.make(Layer.mergeAll(store, files, sync))
  const runtime = await managed.runtime()
  const feeds = ChangeFeed.make(runtime, { maxWaiting })
  const contextValue = () => GraphqlContext.make({ runtime, host: { version: "1.2.3", timeZone }, feeds, viewer: Viewer.local })
  const answered = async (source: string, variableValues: Readonly<Record<string, unknown>> = {}) =>
    execute({ schema, document: documentOf(source), variableValues, contextValue: contextValue() })
  return {
    ask: async (source, variables) => dataOf(await answered(source, variables)),
    errors: async (source, variables) => (await answered(source, variables)).errors ?? [],
    subscribe: async (source, variableValues = {}) => {
      const document = documentOf(source)
      const args = validateSubscriptionArgs({ schema, document, variableValues, contextValue: contextValue() })
      if (!("schema" in args)) throw new AggregateError(args, args.map(({ message }) => message).join("\n"))
      const events = await createSourceEventStream(args)
      if (!(Symbol.asyncIterator in events)) return dataOf(events)
      const stream = events[Symbol.asyncIterator]()
      const next = async () => {
        const { done, value } = await stream.next()
        return done === true ? undefined : dataOf(await execute({ schema, document, variableValues, rootValue: value, contextValue: contextValue() }))
      }
      return {
        next,
        take: async (count) => {
          const taken: Array<Answer> = []
          while (taken.length < count) taken.push(await next())
          return taken
        },
        end: async () => stream.return?.()
      }
    },
    append: async (...appends) => {
      for (const append of appends) await contextValue().run(Effect.flatMap(JournalWriter, (journal) => journal.appendAll([append])))
    },
    run: (effect) => managed.runPromise(Effect.provideService(effect, Viewer, Viewer.local)),
    feeds,
    folder,
    close: async () => {
      await feeds.close()
      await managed.dispose()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
