import { createHash } from "node:crypto"
import type { Entry } from "han-core/Entry"
import type { SyncPayload, SyncSession } from "han-core/Sync"
import { chained, checksumOf, contentHashOf, noChain } from "han-core/unstable/SyncChain"

/** A client of sync as far as payloads go: what it says of its lines, and of itself. */

type Message = SyncSession["messages"][number]

const secret = createHash("sha256").update("the secret of a client in tests").digest()

/** Lines as messages. */
export const messagesOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<Message> =>
  entries.map((entry) => ({
    id: `line-${entry.line}`,
    lineNumber: entry.line,
    messageType: "user",
    timestamp: null,
    contentHash: contentHashOf(secret, entry),
    text: Buffer.from(entry.bytes).toString(),
    ...(entry.payload !== undefined && { payload: Buffer.from(entry.payload).toString() })
  }))

/** The chain behind these messages. */
export const chainOf = (messages: ReadonlyArray<Message>): string => messages.reduce((chain, { contentHash }) => chained(chain, contentHash), noChain)

/** What every version of the protocol asks of a session. */
export const plainSession = (id: string, messages: ReadonlyArray<Message>, more: Partial<SyncSession> = {}): SyncSession => ({
  id,
  projectSlug: null,
  repoRemote: null,
  status: null,
  slug: null,
  messages,
  tasks: [],
  lastModified: null,
  ...more
})

/** Lines `from` to `to` of a generation of a transcript. */
export const part = (id: string, entries: ReadonlyArray<Entry>, from = 0, to = entries.length, more: Partial<SyncSession> = {}): SyncSession => {
  const messages = messagesOf(entries)
  return plainSession(id, messages.slice(from, to), { generationId: "g1", fromLine: from, chainBefore: chainOf(messages.slice(0, from)), ...more })
}

export const payloadOf = (userId: string, sessions: ReadonlyArray<SyncSession>, more: Partial<SyncPayload> = {}): SyncPayload => ({
  version: "1.0",
  clientId: more.clientId ?? "client-1",
  userId,
  timestamp: "2026-03-01T10:00:00.000Z",
  cursor: { lastSessionId: null, lastMessageLineNumber: 0, lastSyncTimestamp: null },
  checksum: checksumOf(more.clientId ?? "client-1", sessions),
  sessions,
  machine: "laptop",
  ...more
})
