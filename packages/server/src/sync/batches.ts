import * as Effect from "effect/Effect"
import { type Entry, entryText, type Transcript } from "han-core/Entry"
import { Journal, type TranscriptNotFound } from "han-core/Journal"
import type { StoreError } from "han-core/StoreError"
import { type SyncMessage, type SyncSession, syncLimits } from "han-core/Sync"
import { chained, contentHashOf, noChain } from "han-core/unstable/SyncChain"
import type { OutboxTranscript } from "han-core/unstable/SyncOutbox"
import type { Viewer } from "han-core/Viewer"

/** How lines become messages. */
export interface Writing {
  /** Lines keep their words. */
  readonly whole: boolean
  readonly secret: Uint8Array
  /** Leaves of a line what may leave the machine. */
  readonly mend: (transcript: Pick<Transcript, "kind">, entry: Entry) => Entry
  /** Takes secrets, and the home folder, out of a text that is no line. */
  readonly mendText: (text: string) => string
  /** Facts beside a subagent's transcript, as they may leave the machine. */
  readonly mendMeta: (meta: string) => string | null
  /** Lines that the server would not have. */
  readonly isRefused: (no: number, line: number) => boolean
}

/** Consecutive lines of one transcript on their way, and the chain behind them. */
export interface Item {
  readonly of: OutboxTranscript
  readonly generationId: string
  readonly from: number
  readonly chainBefore: string
  readonly messages: ReadonlyArray<SyncMessage>
  readonly chain: string
}

const maxBatchBytes = 4 * 1024 * 1024
const readAtOnce = 200

interface Growing {
  readonly of: OutboxTranscript
  readonly generationId: string
  readonly from: number
  readonly chainBefore: string
  readonly messages: Array<SyncMessage>
  chain: string
  /** Lines that were read and not written yet. */
  ahead: Array<Entry>
  done: boolean
}

/**
 * Builds a request of at most `size` lines and 4 MiB from transcripts that wait, in their order. While others wait no session has more than a quarter of it.
 */
export const build = Effect.fnUntraced(function* (
  waiting: ReadonlyArray<OutboxTranscript & { readonly generationId: string }>,
  size: number,
  writing: Writing
): Effect.fn.Return<ReadonlyArray<Item>, StoreError | TranscriptNotFound, Journal | Viewer> {
  const growing = waiting.slice(0, syncLimits.sessions).map((of): Growing => {
    const { acked, generationId } = of
    const chain = acked?.chain ?? noChain
    return { of, generationId, from: acked?.lines ?? 0, chainBefore: chain, messages: [], chain, ahead: [], done: false }
  })
  const bySession = Map.groupBy(growing, ({ of }) => of.transcript.sessionId)
  const quarter = Math.max(1, Math.floor(size / 4))
  let lines = 0
  let bytes = 0
  while (lines < size && bytes < maxBatchBytes && growing.some(({ done }) => !done)) {
    for (const items of bySession.values()) {
      let share = Math.min(quarter, size - lines)
      for (const item of items) {
        while (!item.done && share > 0 && bytes < maxBatchBytes) {
          const message = yield* nextMessage(item, share, writing)
          if (message === undefined) break
          const weight = (message.text?.length ?? 0) + (message.payload?.length ?? 0) + 200
          if (lines > 0 && bytes + weight > maxBatchBytes) {
            bytes = maxBatchBytes
            break
          }
          const entry = item.ahead.shift()!
          item.messages.push(message)
          item.chain = chained(item.chain, message.contentHash)
          item.done = entry.line + 1 >= item.of.lines
          bytes += weight
          lines++
          share--
        }
      }
    }
  }
  return growing.filter(({ messages }) => messages.length > 0)
})

/** The message of the next line; undefined when there is none. */
const nextMessage = Effect.fnUntraced(function* (item: Growing, share: number, writing: Writing) {
  if (item.ahead.length === 0) {
    const journal = yield* Journal
    const next = item.from + item.messages.length
    item.ahead = [...(yield* journal.read(item.of.id, next, Math.min(readAtOnce, share, item.of.lines - next)))]
  }
  const [entry] = item.ahead
  if (entry === undefined) {
    item.done = true
    return undefined
  }
  return messageOf(item.of, entry, writing)
})

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

const messageOf = ({ no, transcript }: OutboxTranscript, entry: Entry, { isRefused, mend, secret }: Writing): SyncMessage => {
  const said = factsOf(entry)
  const mended = mend(transcript, entry)
  const text = entryText(mended)
  const payload = mended.payload === undefined ? undefined : utf8.decode(mended.payload)
  const bytes = entry.bytes.length + (entry.payload?.length ?? 0)
  const reason = isRefused(no, entry.line)
    ? "refused"
    : Buffer.byteLength(text) + Buffer.byteLength(payload ?? "") > syncLimits.lineBytes
      ? "too_large"
      : undefined
  return {
    id: said.id ?? `line-${entry.line}`,
    lineNumber: entry.line,
    messageType: said.type ?? "unreadable",
    timestamp: said.timestamp ?? null,
    contentHash: contentHashOf(secret, entry),
    ...(reason === undefined ? { text, ...(payload !== undefined && { payload }) } : { withheld: { reason, bytes } })
  }
}

/** The id, type and time that a line says of itself, where they are short texts. */
const factsOf = ({ bytes }: Entry): { readonly id?: string | undefined; readonly type?: string | undefined; readonly timestamp?: string | undefined } => {
  try {
    const value = JSON.parse(utf8.decode(bytes))
    if (typeof value !== "object" || value === null) return {}
    const short = (text: unknown, max: number) => (typeof text === "string" && text.length > 0 && text.length <= max ? text : undefined)
    return { id: short(value.uuid, 200), type: short(value.type, 100), timestamp: short(value.timestamp, 64) }
  } catch {
    return {}
  }
}

/** An item as it goes. Without messages it asks how far the server has the transcript. */
export const sessionOf = (
  { chainBefore, from, generationId, messages, of }: Omit<Item, "chain">,
  replaced: ReadonlyArray<string>,
  writing: Writing
): SyncSession => {
  const { agentId, kind, machine, sessionId, source } = of.transcript
  const { directory } = of
  const place = of.cwd === null ? null : writing.mendText(of.cwd)
  return {
    id: sessionId,
    projectSlug: place?.replace(/[^a-zA-Z0-9]/g, "-") ?? null,
    repoRemote: directory?.remote == null ? null : writing.mendText(directory.remote),
    status: null,
    slug: null,
    messages,
    tasks: [],
    lastModified: of.updatedAt === 0 ? null : new Date(of.updatedAt).toISOString(),
    machine,
    source,
    kind,
    agentId,
    file: agentId === null ? kind : `agent-${agentId}`,
    generationId,
    ...(replaced.length > 0 && { replaces: replaced }),
    fromLine: from,
    chainBefore,
    directory:
      place === null || directory === null
        ? null
        : {
            path: place,
            root: directory.root === null ? null : writing.mendText(directory.root),
            name: directory.name,
            worktree: directory.worktreeOf === null ? null : writing.mendText(directory.worktreeOf),
            defaultBranch: directory.defaultBranch
          },
    meta: of.meta === null ? null : writing.mendMeta(of.meta),
    totalMessageCount: of.lines
  }
}

/** The chain behind the first `lines` of a transcript, as this client has it. Reads them. */
export const chainAt = Effect.fnUntraced(function* (of: OutboxTranscript, lines: number, secret: Uint8Array) {
  const journal = yield* Journal
  let chain: string = noChain
  let line = 0
  while (line < lines) {
    const entries = yield* journal.read(of.id, line, Math.min(500, lines - line))
    if (entries.length === 0) return undefined
    for (const entry of entries) chain = chained(chain, contentHashOf(secret, entry))
    line += entries.length
  }
  return chain
})
