import * as Effect from "effect/Effect"
import type { AgentId, SessionId } from "han-core/Entry"
import { Agent } from "han-core/Session"
import type { AgentConversation } from "han-core/SessionDetails"
import { clipped } from "han-core/unstable/Clip"
import { entriesAt } from "../blocks/entriesAt.ts"
import { bounded } from "../database/bounded.ts"
import { anyOf } from "../database/Database.ts"
import { agentMeta } from "../readmodels/agentMeta.ts"
import { kindNumber } from "../readmodels/messageKey.ts"
import type { Reading } from "./reader.ts"

interface TranscriptRow {
  readonly agent_id: string
  readonly session_id: string
  readonly session_no: number
  readonly no: number
  readonly meta: string | null
  readonly messages: number | null
  readonly started_at: number | null
  readonly updated_at: number | null
}
/** Sums of a transcript, or for calls of an agent of a session. */
interface SumRow {
  readonly of: "calls" | "responses" | "compactions" | "prompt"
  readonly no: number
  readonly agent_id: string | null
  /** Calls, responses, compactions; of the first prompt its line. */
  readonly count: number
  /** Calls that failed, responses or parts of them without a price. */
  readonly odd: number
  readonly input: number
  readonly output: number
  readonly cache_read: number
  readonly cache_write_5m: number
  readonly cache_write_1h: number
  readonly cost: number
}

const maxPrompt = 2000

/** Conversations of subagents by the agent's id alone, with what was called, used and compacted in them: four statements whatever their number. */
export const agentConversations = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, ids: ReadonlyArray<string>) {
  const rows = yield* sql<TranscriptRow>`
    SELECT x.agent_id, k.session_id, x.session_no, x.no, x.meta, y.messages, y.started_at, y.updated_at FROM transcript x JOIN session_key k ON k.owner_no = x.owner_no AND k.no = x.session_no
    LEFT JOIN ${t("transcript_state")} y ON y.owner_no = x.owner_no AND y.transcript_no = x.no WHERE x.owner_no = ${owner} AND x.kind = 'agent' AND x.agent_id ${anyOf(sql, ids)}`
  // An id that several sessions have means the first of them.
  const byAgent = new Map<string, ReadonlyArray<TranscriptRow>>()
  for (const row of rows.toSorted(
    (a, b) => (a.started_at ?? Number.POSITIVE_INFINITY) - (b.started_at ?? Number.POSITIVE_INFINITY) || (a.session_id < b.session_id ? -1 : 1)
  )) {
    const list = byAgent.get(row.agent_id)
    if (list === undefined || list[0]?.session_no === row.session_no) byAgent.set(row.agent_id, [...(list ?? []), row])
  }
  const found = new Map<string, AgentConversation>()
  const all = [...byAgent.values()].flat()
  if (all.length === 0) return found
  const inSessions = sql`owner_no = ${owner} AND session_no ${anyOf(sql, [...new Set(all.map((row) => row.session_no))])}`
  const inTranscripts = sql`transcript_no ${anyOf(
    sql,
    all.map((row) => row.no)
  )}`
  const asked = anyOf(sql, [kindNumber("prompt"), kindNumber("machine")])
  const sums = yield* sql<SumRow>`
    SELECT 'calls' AS of, session_no AS no, agent_id, COUNT(*) AS count, COUNT(CASE WHEN is_error = 1 THEN 1 END) AS odd, 0 AS input, 0 AS output, 0 AS cache_read,
      0 AS cache_write_5m, 0 AS cache_write_1h, 0 AS cost
    FROM ${t("tool_call")} WHERE ${inSessions} AND name IS NOT NULL AND agent_id ${anyOf(sql, [...byAgent.keys()])} GROUP BY session_no, agent_id
    UNION ALL SELECT 'responses', transcript_no, NULL, COUNT(CASE WHEN part = 0 THEN 1 END), COUNT(CASE WHEN cost IS NULL THEN 1 END), CAST(SUM(input) AS BIGINT), CAST(SUM(output) AS BIGINT),
      CAST(SUM(cache_read) AS BIGINT), CAST(SUM(cache_write_5m) AS BIGINT), CAST(SUM(cache_write_1h) AS BIGINT), CAST(COALESCE(SUM(cost), 0) AS BIGINT)
    FROM ${t("response")} WHERE ${inSessions} AND ${inTranscripts} GROUP BY transcript_no
    UNION ALL SELECT 'compactions', transcript_no, NULL, COUNT(*), 0, 0, 0, 0, 0, 0, 0 FROM ${t("compaction")} WHERE ${inSessions} AND ${inTranscripts} GROUP BY transcript_no
    UNION ALL SELECT 'prompt', transcript_no, NULL, MIN(line), 0, 0, 0, 0, 0, 0, 0 FROM ${t("message")} WHERE ${inSessions} AND ${inTranscripts} AND kind ${asked}
      GROUP BY transcript_no`
  const prompts = sums.flatMap((row) => (row.of === "prompt" ? [{ transcriptNo: row.no, line: row.count }] : []))
  const find = yield* entriesAt(sql, owner, prompts)
  for (const [id, list] of byAgent) {
    const [first] = list
    if (first === undefined) continue
    const nos = new Set(list.map(({ no }) => no))
    const mine = (of: SumRow["of"]) => sums.filter((row) => row.of === of && nos.has(row.no))
    const [responses, compactions] = [mine("responses"), mine("compactions")]
    const sum = (some: ReadonlyArray<SumRow>, of: (row: SumRow) => number) => bounded(some.reduce((so, row) => so + of(row), 0))
    const times = (of: (row: TranscriptRow) => number | null) => list.flatMap((row) => of(row) ?? [])
    const [begun, updated] = [times((row) => row.started_at), times((row) => row.updated_at)]
    const called = sums.find((row) => row.of === "calls" && row.no === first.session_no && row.agent_id === id)
    const prompt = prompts.find(({ transcriptNo }) => nos.has(transcriptNo))
    const event = prompt === undefined ? undefined : find(prompt)?.decoded.events.find((one) => one._tag === "Prompted")
    const [cost, unpriced] = [sum(responses, (row) => row.cost), sum(responses, (row) => row.odd)]
    found.set(id, {
      agent: new Agent(
        {
          id: id as AgentId,
          sessionId: first.session_id as SessionId,
          messages: list.reduce((so, row) => so + Number(row.messages ?? 0), 0),
          startedAt: begun.length === 0 ? null : Math.min(...begun),
          updatedAt: updated.length === 0 ? null : Math.max(...updated),
          ...agentMeta(list.find(({ meta }) => meta !== null)?.meta ?? null)
        },
        { disableValidation: true }
      ),
      firstPrompt: event?._tag === "Prompted" && event.text.trim() !== "" ? clipped(event.text.trim(), maxPrompt) : null,
      toolCalls: called?.count ?? 0,
      toolErrors: called?.odd ?? 0,
      compactions: sum(compactions, (row) => row.count),
      responses: sum(responses, (row) => row.count),
      unpricedResponses: unpriced,
      input: sum(responses, (row) => row.input),
      output: sum(responses, (row) => row.output),
      cacheRead: sum(responses, (row) => row.cache_read),
      cacheWrite5m: sum(responses, (row) => row.cache_write_5m),
      cacheWrite1h: sum(responses, (row) => row.cache_write_1h),
      costNanoUsd: cost === 0 && unpriced > 0 ? null : cost
    })
  }
  return found
})
