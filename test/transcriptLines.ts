import type { Entry } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import { lines, transcript } from "./transcriptFiles.ts"

/** Lines as Claude Code and han write them. `when`: an ISO date, or seconds after `noon`. */
type When = string | number
export const noon = "2026-03-11T12:00:00.000Z"
export const at = (when: When): string => (typeof when === "string" ? when : new Date(Date.parse(noon) + when * 1000).toISOString())

const line = (type: string, uuid: string, when: When, more: object) => ({ type, uuid, timestamp: at(when), cwd: "/work/app", ...more })

export const user = (uuid: string, when: When, content: unknown, more: object = {}) => line("user", uuid, when, { message: { role: "user", content }, ...more })

export interface Tokens {
  readonly input?: number
  readonly output?: number
  readonly read?: number
  readonly write5m?: number
  readonly write1h?: number
}
/** A whole response of the API on one line. `model`: Opus 4.5 unless it is said. */
export const answer = (
  uuid: string,
  when: When,
  content: ReadonlyArray<unknown>,
  { input = 0, output = 0, read = 0, write1h = 0, write5m = 0, ...more }: Tokens & { readonly model?: string; readonly cwd?: string } = {}
) =>
  line("assistant", uuid, when, {
    requestId: `req-${uuid}`,
    ...(more.cwd !== undefined && { cwd: more.cwd }),
    message: {
      id: `msg-${uuid}`,
      role: "assistant",
      model: more.model ?? "claude-opus-4-5-20251101",
      content,
      stop_reason: "end_turn",
      usage: {
        input_tokens: input,
        output_tokens: output,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: write5m + write1h,
        cache_creation: { ephemeral_5m_input_tokens: write5m, ephemeral_1h_input_tokens: write1h }
      }
    }
  })
export const text = (words: string) => ({ type: "text", text: words })
export const call = (id: string, name: string, input: unknown = {}) => ({ type: "tool_use", id, name, input })
export const result = (id: string, content: unknown, more: object = {}) => ({ type: "tool_result", tool_use_id: id, content, ...more })

/** A line of han's own log. */
export const noted = (type: string, uuid: string, when: When, data: unknown, more: object = {}) => line(type, uuid, when, { data, ...more })

/** A session's own transcript. */
export const session = (id: string, records: ReadonlyArray<unknown>, more: Parameters<typeof transcript>[1] = {}): Append => ({
  transcript: transcript(id, more),
  entries: lines(records)
})
/** han's own log of a session. */
export const log = (id: string, records: ReadonlyArray<unknown>): Append => session(id, records, { kind: "han", source: "han" })

/** What is behind the first lines of an append. */
export const rest = ({ entries, ...more }: Append, from: number): Append & { readonly entries: ReadonlyArray<Entry> } => ({
  ...more,
  entries: entries.slice(from)
})
