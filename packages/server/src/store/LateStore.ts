import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { DirectoryWriter } from "han-core/Directories"
import { HookCache, HookCacheAdmin } from "han-core/HookCache"
import { JournalAdmin } from "han-core/JournalAdmin"
import { JournalWriter } from "han-core/JournalWriter"
import { MessageQueries } from "han-core/MessageQueries"
import { SessionQueries } from "han-core/SessionQueries"
import type { StoreError } from "han-core/StoreError"
import { StoreInfo } from "han-core/StoreInfo"
import { SyncOutbox } from "han-core/unstable/SyncOutbox"
import { storeContracts } from "han-rpc/HanRpcs"
import { clientOf, loosely, memberOf, methodsOf } from "han-rpc/unstable/Contract"
import { Projections } from "han-sql/Projection"
import type * as SqliteStore from "han-sql/SqliteStore"

export type StoreServices = Layer.Layer.Success<ReturnType<typeof SqliteStore.layer>>

/** The services of a store that is not there yet. Until `open` each fails with what `absent` says; from then on they are those of the store. */
export interface LateStore {
  readonly services: Context.Context<StoreServices>
  readonly open: (store: Context.Context<StoreServices>) => void
}

export const make = (absent: (operation: string) => StoreError, info: Omit<typeof StoreInfo.Service, "rebuilding">): LateStore => {
  let store: Context.Context<StoreServices> | undefined
  const of = <Self extends StoreServices, S>(tag: Context.Tag<Self, S>) => ({
    ask: <A, E, R>(use: (service: S) => Effect.Effect<A, E, R>): Effect.Effect<A, E | StoreError, R> =>
      Effect.suspend((): Effect.Effect<A, E | StoreError, R> => (store === undefined ? Effect.fail(absent(tag.key)) : use(Context.get(store, tag)))),
    follow: <A, E, R>(use: (service: S) => Stream.Stream<A, E, R>): Stream.Stream<A, E | StoreError, R> =>
      Stream.suspend((): Stream.Stream<A, E | StoreError, R> => (store === undefined ? Stream.fail(absent(tag.key)) : use(Context.get(store, tag))))
  })
  const rebuilding = Effect.suspend(() => (store === undefined ? Effect.succeed(null) : Context.get(store, StoreInfo).rebuilding))
  const services = carried(() => store, absent).pipe(Context.merge(writers(of)), Context.merge(queries(of)), Context.add(StoreInfo, { ...info, rebuilding }))
  return {
    services,
    open: (opened) => {
      store = opened
    }
  }
}

type Of = <Self extends StoreServices, S>(
  tag: Context.Tag<Self, S>
) => {
  readonly ask: <A, E, R>(use: (service: S) => Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreError, R>
  readonly follow: <A, E, R>(use: (service: S) => Stream.Stream<A, E, R>) => Stream.Stream<A, E | StoreError, R>
}

/** Services that a wire carries have contracts, which say of each method what it is. */
const carried = (store: () => Context.Context<StoreServices> | undefined, absent: (operation: string) => StoreError) => {
  const methods = new Map(
    loosely(storeContracts).flatMap(({ group, tag }) => methodsOf(group).map((method) => [method.tag, { service: tag, ...method }] as const))
  )
  const send = (name: string, payload: unknown): unknown => {
    const opened = store()
    const { isStream, method, names, service } = methods.get(name)!
    if (opened === undefined) return isStream ? Stream.fail(absent(name)) : Effect.fail(absent(name))
    const member = memberOf(Context.get(opened as Context.Context<never>, service), method)
    const given = (payload ?? {}) as Readonly<Record<string, unknown>>
    return typeof member === "function" ? member(...names.map((argument) => given[argument])) : member
  }
  return clientOf(storeContracts, send, { ask: (_, request) => request, follow: (_, request) => request })
}

/** Services that no wire carries, or only that of the machine. */
const writers = (of: Of) => {
  const writer = of(JournalWriter)
  const admin = of(JournalAdmin)
  const directories = of(DirectoryWriter)
  const outbox = of(SyncOutbox)
  const cache = of(HookCache)
  const passes = of(HookCacheAdmin)
  return Context.make(JournalWriter, {
    append: (...given) => writer.ask((real) => real.append(...given)),
    appendAll: (...given) => writer.ask((real) => real.appendAll(...given)),
    keepOutputs: (...given) => writer.ask((real) => real.keepOutputs(...given)),
    markMissing: (...given) => writer.ask((real) => real.markMissing(...given)),
    noteForgotten: (...given) => writer.ask((real) => real.noteForgotten(...given))
  }).pipe(
    Context.add(JournalAdmin, {
      rebuild: admin.follow((real) => real.rebuild),
      forget: (...given) => admin.ask((real) => real.forget(...given)),
      forgettable: (...given) => admin.ask((real) => real.forgettable(...given))
    }),
    Context.add(SyncOutbox, {
      open: (...given) => outbox.ask((real) => real.open(...given)),
      remote: outbox.ask((real) => real.remote),
      transcripts: (...given) => outbox.ask((real) => real.transcripts(...given)),
      grown: (...given) => outbox.ask((real) => real.grown(...given)),
      acked: (...given) => outbox.ask((real) => real.acked(...given)),
      noteProblem: (...given) => outbox.ask((real) => real.noteProblem(...given)),
      noteSent: (...given) => outbox.ask((real) => real.noteSent(...given))
    }),
    Context.add(DirectoryWriter, { note: (...given) => directories.ask((real) => real.note(...given)) }),
    Context.add(HookCache, {
      use: (...given) => cache.ask((real) => real.use(...given)),
      find: (...given) => cache.ask((real) => real.find(...given)),
      passedFiles: (...given) => cache.ask((real) => real.passedFiles(...given)),
      lastReads: (...given) => cache.ask((real) => real.lastReads(...given)),
      record: (...given) => cache.ask((real) => real.record(...given))
    }),
    Context.add(HookCacheAdmin, {
      list: (...given) => passes.ask((real) => real.list(...given)),
      clear: (...given) => passes.ask((real) => real.clear(...given))
    })
  )
}

const queries = (of: Of) => {
  const sessions = of(SessionQueries)
  const messages = of(MessageQueries)
  const projections = of(Projections)
  return Context.make(SessionQueries, {
    find: (...given) => sessions.ask((real) => real.find(...given)),
    countFound: (...given) => sessions.ask((real) => real.countFound(...given)),
    cursorOf: (...given) => sessions.ask((real) => real.cursorOf(...given))
  }).pipe(
    Context.add(MessageQueries, {
      find: (...given) => messages.ask((real) => real.find(...given)),
      countFound: (...given) => messages.ask((real) => real.countFound(...given)),
      landmarks: (...given) => messages.ask((real) => real.landmarks(...given))
    }),
    Context.add(Projections, { query: (projection, read) => projections.ask((real) => real.query(projection, read)) })
  )
}
