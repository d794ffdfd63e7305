import * as Effect from "effect/Effect"
import type { AgentId, SessionId } from "han-core/Entry"
import * as Message from "han-core/Message"
import { entriesAt } from "../blocks/entriesAt.ts"
import type { Reading } from "./reader.ts"
import { durationOf } from "./rows.ts"

/** The calls of a session with their results, in the order in which they were made. */
export const toolCallsOf = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, sessionId: SessionId, sessionNo: number) {
  const rows = yield* sql<{
    id: string
    agent_id: string | null
    name: string
    at: number | null
    transcript_no: number
    line: number
    result_transcript_no: number | null
    result_line: number | null
    result_at: number | null
  }>`
    SELECT id, agent_id, name, at, transcript_no, line, result_transcript_no, result_line, result_at FROM ${t("tool_call")}
    WHERE owner_no = ${owner} AND session_no = ${sessionNo} AND name IS NOT NULL ORDER BY COALESCE(at, 0), line, id`
  const place = (transcriptNo: number, line: number) => ({ transcriptNo, line })
  const find = yield* entriesAt(
    sql,
    owner,
    rows.flatMap((row) => [
      place(row.transcript_no, row.line),
      ...(row.result_transcript_no === null || row.result_line === null ? [] : [place(row.result_transcript_no, row.result_line)])
    ])
  )
  const called = rows.map((row) => {
    const events = find(place(row.transcript_no, row.line))?.decoded.events ?? []
    const index = events.findIndex((event) => event._tag === "ToolCalled" && event.toolUseId === row.id)
    return { row, index, call: events[index] }
  })
  // Calls of one line in the order in which it makes them.
  called.sort((a, b) => (a.row.transcript_no === b.row.transcript_no && a.row.line === b.row.line ? a.index - b.index : 0))
  return called.map(({ call, row }) => {
    const result =
      row.result_transcript_no === null || row.result_line === null
        ? undefined
        : find(place(row.result_transcript_no, row.result_line))?.decoded.events.find((event) => event._tag === "ToolReturned" && event.toolUseId === row.id)
    return new Message.ToolCall(
      {
        id: row.id,
        sessionId,
        agentId: row.agent_id as AgentId | null,
        name: row.name,
        at: row.at,
        input: call?._tag === "ToolCalled" ? call.input : null,
        result:
          result?._tag === "ToolReturned"
            ? {
                text: result.text,
                isError: result.isError,
                hasImage: result.hasImage,
                denied: result.denied,
                structured: result.structured,
                at: row.result_at,
                durationMs: durationOf(row.at, row.result_at)
              }
            : null
      },
      { disableValidation: true }
    )
  })
})
