import * as Os from "node:os"
import * as Path from "node:path"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type Entry, SessionId, TranscriptId } from "han-core/Entry"
import type { FileChange } from "han-core/FileChange"
import { Indexer, type IndexProgress, type IndexReport } from "han-core/Indexer"
import { Journal, type JournalChange, type JournalTotals, type RebuildProgress, type TranscriptInfo } from "han-core/Journal"
import type { Message, ToolCall } from "han-core/Message"
import type { Page, PageRequest } from "han-core/Page"
import type { Project } from "han-core/Project"
import { Search, type SearchHit, SearchQuery } from "han-core/Search"
import type { Agent, Compaction, IndexProblem, Session, Summary } from "han-core/Session"
import { MessagesOf, type SessionFilter, Sessions } from "han-core/Sessions"
import { StoreError } from "han-core/StoreError"
import type { Task, TodoList } from "han-core/Task"
import { type Reconciliation, Usage, UsageQuery, type UsageReport } from "han-core/Usage"
import { Viewer } from "han-core/Viewer"
import { Coordinator, CoordinatorIncompatible, type CoordinatorStatus, CoordinatorUnreachable, type DoctorReport } from "./Coordinator.ts"
import * as HanClient from "./HanClient.ts"
import { protocol, version } from "./Version.ts"

/**
 * han for scripts: promises and async iterables in place of effects and streams. Whatever fails is thrown as its class (`SessionNotFound`, `StoreError`, …).
 * An iterable ends its stream when the loop is left. Ids are plain strings here; their shape is checked, a wrong one rejects with a `ParseError`.
 */
export interface Han extends AsyncDisposable {
  readonly sessions: {
    /** Latest activity first. */
    readonly list: (filter?: SessionFilter, page?: PageRequest) => Promise<Page<Session>>
    readonly count: (filter?: SessionFilter) => Promise<number>
    /** By id, or by the beginning of one that means a single session. */
    readonly get: (id: string) => Promise<Session>
    readonly getMany: (ids: ReadonlyArray<string>) => Promise<ReadonlyArray<Session>>
    readonly projects: () => Promise<ReadonlyArray<Project>>
    readonly messages: (of: typeof MessagesOf.Encoded, page?: PageRequest) => Promise<Page<Message>>
    readonly toolCalls: (sessionId: string) => Promise<ReadonlyArray<ToolCall>>
    readonly tasks: (sessionId: string) => Promise<ReadonlyArray<Task>>
    readonly todos: (sessionId: string) => Promise<ReadonlyArray<TodoList>>
    readonly fileChanges: (sessionId: string) => Promise<ReadonlyArray<FileChange>>
    readonly agents: (sessionId: string) => Promise<ReadonlyArray<Agent>>
    readonly compactions: (sessionId: string) => Promise<ReadonlyArray<Compaction>>
    readonly summaries: (sessionId: string) => Promise<ReadonlyArray<Summary>>
    /** The session now, and again each time it changes. */
    readonly watch: (id: string) => AsyncIterable<Session>
    readonly problems: (options?: { readonly limit?: number; readonly transcript?: string }) => Promise<ReadonlyArray<IndexProblem>>
  }
  readonly search: {
    readonly messages: (query: typeof SearchQuery.Encoded, page?: PageRequest) => Promise<Page<SearchHit>>
    readonly count: (query: typeof SearchQuery.Encoded) => Promise<number>
  }
  readonly usage: {
    readonly report: (query: typeof UsageQuery.Encoded) => Promise<UsageReport>
    readonly reconcile: (options?: { readonly sessionId?: string; readonly since?: number }) => Promise<ReadonlyArray<Reconciliation>>
  }
  readonly journal: {
    readonly transcripts: (options?: { readonly sessionId?: string }) => Promise<ReadonlyArray<TranscriptInfo>>
    readonly read: (id: string, line: number, limit: number) => Promise<ReadonlyArray<Entry>>
    /** The transcript byte for byte, in pieces. */
    readonly bytes: (id: string) => AsyncIterable<Uint8Array>
    /** What was committed after sequence `after` (0: everything; absent: only what comes), then what is committed from now on. At least once. `live: false` ends at the present. */
    readonly changes: (options?: { readonly after?: number; readonly live?: boolean }) => AsyncIterable<JournalChange>
    readonly totals: () => Promise<JournalTotals>
    readonly rebuild: () => AsyncIterable<RebuildProgress>
    /** Removes sessions for good. */
    readonly forget: (
      which: { readonly sessionIds: ReadonlyArray<string> } | { readonly before: number }
    ) => Promise<{ readonly sessions: number; readonly entries: number }>
    readonly forgettable: (which: { readonly before: number }) => Promise<ReadonlyArray<string>>
    readonly isForgotten: (sessionId: string) => Promise<boolean>
  }
  readonly coordinator: {
    readonly status: () => Promise<CoordinatorStatus>
    readonly doctor: () => Promise<DoctorReport>
    /** An address that lets one browser in, once, for some minutes. Rejects with `HttpOff` when HTTP is not served. */
    readonly openUrl: () => Promise<string>
    readonly stop: () => Promise<void>
  }
  /** One pass over every transcript; resolves with its report. */
  readonly index: (options?: { readonly onProgress?: (progress: IndexProgress) => void }) => Promise<IndexReport>
  /** Ends the connection; what is under way is rejected. `await using` calls it. */
  readonly close: () => Promise<void>
}

/**
 * Connects to this machine's coordinator: at `socket`, else in `HAN_HOME`, else in `~/.han`. Rejects with `CoordinatorUnreachable` when none is running and with
 * `CoordinatorIncompatible` when it speaks another protocol. It does not start one: `han coordinator start` does.
 */
export const connect = async (options?: { readonly socket?: string }): Promise<Han> => {
  const path = options?.socket ?? Path.join(process.env["HAN_HOME"] || Path.join(Os.homedir(), ".han"), "coordinator.sock")
  const managed = ManagedRuntime.make(Layer.merge(HanClient.layerSocket({ path }), Viewer.layerLocal))
  try {
    const services = await managed.runPromise(Effect.context<HanClient.Services | Viewer>())
    const theirs = await settled(managed.runPromiseExit(Context.get(services, Coordinator).handshake))
    if (theirs.protocol !== protocol) throw new CoordinatorIncompatible({ location: path, theirs, ours: { version, protocol } })
    return promising(managed, services, path)
  } catch (error) {
    await managed.dispose()
    throw error
  }
}

const settled = async <A, E>(exit: Promise<Exit.Exit<A, E>>): Promise<A> =>
  Exit.match(await exit, {
    onSuccess: (value) => value,
    onFailure: (cause) => {
      throw Cause.squash(cause)
    }
  })

const sessionId = Schema.decodeUnknown(SessionId)
const sessionIds = Schema.decodeUnknown(Schema.Array(SessionId))
const transcriptId = Schema.decodeUnknown(TranscriptId)
const messagesOf = Schema.decode(MessagesOf)
const searchQuery = Schema.decode(SearchQuery)
const usageQuery = Schema.decode(UsageQuery)

const promising = (
  managed: ManagedRuntime.ManagedRuntime<HanClient.Services | Viewer, never>,
  services: Context.Context<HanClient.Services | Viewer>,
  path: string
): Han => {
  const sessions = Context.get(services, Sessions)
  const search = Context.get(services, Search)
  const usage = Context.get(services, Usage)
  const journal = Context.get(services, Journal)
  const indexer = Context.get(services, Indexer)
  const coordinator = Context.get(services, Coordinator)

  let open = true
  const whenOpen = Effect.suspend(() =>
    open ? Effect.void : Effect.fail(new CoordinatorUnreachable({ location: path, reason: "closed", message: "this connection was closed; connect again" }))
  )
  const run = <A, E>(effect: Effect.Effect<A, E, Viewer>) => settled(Effect.runPromiseExit(Effect.provide(Effect.zipRight(whenOpen, effect), services)))
  const iterate = <A, E>(stream: Stream.Stream<A, E, Viewer>) =>
    Stream.toAsyncIterable(Stream.provideContext(Stream.unwrap(Effect.as(whenOpen, stream)), services))
  const ofSession =
    <A, E>(f: (id: SessionId) => Effect.Effect<A, E, Viewer>) =>
    (id: string) =>
      run(Effect.flatMap(sessionId(id), f))
  const close = async () => {
    open = false
    await managed.dispose()
  }

  return {
    sessions: {
      list: (filter = {}, page = {}) => run(sessions.list(filter, page)),
      count: (filter = {}) => run(sessions.count(filter)),
      get: (id) => run(sessions.get(id)),
      getMany: (ids) => run(Effect.flatMap(sessionIds(ids), sessions.getMany)),
      projects: () => run(sessions.projects),
      messages: (of, page = {}) => run(Effect.flatMap(messagesOf(of), (of) => sessions.messages(of, page))),
      toolCalls: ofSession(sessions.toolCalls),
      tasks: ofSession(sessions.tasks),
      todos: ofSession(sessions.todos),
      fileChanges: ofSession(sessions.fileChanges),
      agents: ofSession(sessions.agents),
      compactions: ofSession(sessions.compactions),
      summaries: ofSession(sessions.summaries),
      watch: (id) => iterate(Stream.unwrap(Effect.map(sessionId(id), sessions.watch))),
      problems: ({ limit = 100, transcript } = {}) =>
        run(
          transcript === undefined
            ? sessions.problems({ limit })
            : Effect.flatMap(transcriptId(transcript), (transcript) => sessions.problems({ limit, transcript }))
        )
    },
    search: {
      messages: (query, page = {}) => run(Effect.flatMap(searchQuery(query), (query) => search.messages(query, page))),
      count: (query) => run(Effect.flatMap(searchQuery(query), search.count))
    },
    usage: {
      report: (query) => run(Effect.flatMap(usageQuery(query), usage.report)),
      reconcile: ({ since, sessionId: id } = {}) =>
        run(id === undefined ? usage.reconcile({ since }) : Effect.flatMap(sessionId(id), (sessionId) => usage.reconcile({ since, sessionId })))
    },
    journal: {
      transcripts: ({ sessionId: id } = {}) =>
        run(id === undefined ? journal.transcripts() : Effect.flatMap(sessionId(id), (sessionId) => journal.transcripts({ sessionId }))),
      read: (id, line, limit) => run(Effect.flatMap(transcriptId(id), (id) => journal.read(id, line, limit))),
      bytes: (id) => iterate(Stream.unwrap(Effect.map(transcriptId(id), journal.bytes))),
      changes: (options) => iterate(journal.changes(options)),
      totals: () => run(journal.totals),
      rebuild: () => iterate(journal.rebuild),
      forget: (which) =>
        run("before" in which ? journal.forget(which) : Effect.flatMap(sessionIds(which.sessionIds), (sessionIds) => journal.forget({ sessionIds }))),
      forgettable: (which) => run(journal.forgettable(which)),
      isForgotten: ofSession(journal.isForgotten)
    },
    coordinator: {
      status: () => run(coordinator.status),
      doctor: () => run(coordinator.doctor),
      openUrl: () => run(coordinator.openUrl),
      stop: () => run(coordinator.stop)
    },
    index: (options) =>
      run(
        indexer.index.pipe(
          Stream.tap((progress) => Effect.sync(() => options?.onProgress?.(progress))),
          Stream.runLast,
          Effect.flatMap((last) =>
            last._tag === "Some" && last.value._tag === "Indexed"
              ? Effect.succeed(last.value.report)
              : Effect.fail(
                  new StoreError({
                    operation: "Indexer.index",
                    reason: "failed",
                    message: "the pass ended without a report; `han coordinator logs` may say why"
                  })
                )
          )
        )
      ),
    close,
    [Symbol.asyncDispose]: close
  }
}
