import { createHash, createHmac } from "node:crypto"
import type { Entry } from "../journal/Entry.ts"
import type { SyncSession } from "./Sync.ts"

/** The chain of no lines: 32 zero bytes. */
export const noChain = "0".repeat(64)

/** HMAC-SHA-256 of a line as it stands in its file, and of the content that it points to, under the client's secret: 64 hexadecimal digits. */
export const contentHashOf = (secret: Uint8Array, { bytes, payload }: Pick<Entry, "bytes" | "payload">): string => {
  const hmac = createHmac("sha256", secret).update(bytes)
  // A line holds no newline.
  if (payload !== undefined) hmac.update("\n").update(payload)
  return hmac.digest("hex")
}

/** The chain behind one more line: SHA-256 of the 32 bytes of the chain before it and the 32 of the line's hash. */
export const chained = (chain: string, contentHash: string): string => createHash("sha256").update(chain, "hex").update(contentHash, "hex").digest("hex")

/** SHA-256 of the hashes of all messages of all sessions in their order, as they stand in the payload, and the client's id behind them. */
export const checksumOf = (clientId: string, sessions: ReadonlyArray<Pick<SyncSession, "messages">>): string => {
  const hash = createHash("sha256")
  for (const { messages } of sessions) for (const { contentHash } of messages) hash.update(contentHash)
  return hash.update(clientId).digest("hex")
}

/** The line that stands in the place of one that stayed at home. */
export const withheldLine = ({ bytes, reason }: { readonly reason: string; readonly bytes: number }): string =>
  JSON.stringify({ type: "han-withheld", reason, bytes })

/** The digest of positions: see `SyncDigest`. */
export const digestOf = (positions: Iterable<{ readonly generationId: string; readonly lines: number; readonly chain: string }>) => {
  let sum = 0
  const sorted: Array<string> = []
  for (const { chain, generationId, lines } of positions) {
    sum += lines
    sorted.push(`${generationId} ${lines} ${chain}\n`)
  }
  sorted.sort()
  const hash = createHash("sha256")
  for (const line of sorted) hash.update(line)
  return { transcripts: sorted.length, lines: sum, hash: hash.digest("hex") }
}
