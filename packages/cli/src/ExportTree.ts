import { transcriptFileId } from "han-core/Entry"
import type { TranscriptInfo } from "han-core/Journal"
import { foremost } from "./TranscriptChoice.ts"

/** Where one transcript goes: names of folders and a file, from the top of the export. */
export interface Place {
  readonly info: TranscriptInfo
  readonly path: ReadonlyArray<string>
  /** Where the file of facts beside it goes; only the foremost generation has one. */
  readonly meta: ReadonlyArray<string> | undefined
}

export interface Refused {
  readonly info: TranscriptInfo
  readonly reason: string
}

/**
 * `<source>/<session>/<session>.jsonl`, `…/subagents/agent-<agent>.jsonl` and `.meta.json`, `…/<session>-han.jsonl`; another generation N of a file has
 * `.generation-N` before `.jsonl`. With transcripts of several machines the machine's folder is above all of it. Ids that are no file names are refused.
 */
export const placesOf = (transcripts: ReadonlyArray<TranscriptInfo>): { readonly places: ReadonlyArray<Place>; readonly refused: ReadonlyArray<Refused> } => {
  const byFile = Map.groupBy(transcripts, ({ transcript }) => transcriptFileId(transcript))
  const plain = new Set([...byFile.values()].map(foremost))
  const machines = new Set(transcripts.map(({ transcript }) => transcript.machine))
  const places: Array<Place> = []
  const refused: Array<Refused> = []
  for (const info of transcripts) {
    const { agentId, generation, kind, machine, sessionId, source } = info.transcript
    const bad = [machine, source, sessionId, ...(agentId === null ? [] : [agentId])].find((name) => !isFileName(name))
    if (bad !== undefined) {
      refused.push({ info, reason: `${JSON.stringify(bad.slice(0, 80))} is no name for a file` })
      continue
    }
    const isPlain = plain.has(info)
    const stem = agentId !== null ? `agent-${agentId}` : kind === "han" ? `${sessionId}-han` : sessionId
    const folder = [...(machines.size > 1 ? [machine] : []), source, sessionId, ...(agentId === null ? [] : ["subagents"])]
    places.push({
      info,
      path: [...folder, `${stem}${isPlain ? "" : `.generation-${generation}`}.jsonl`],
      meta: isPlain && agentId !== null ? [...folder, `${stem}.meta.json`] : undefined
    })
  }
  return { places, refused }
}

/** Safe as one name in any folder: nothing that separates, hides or climbs. */
export const isFileName = (name: string): boolean =>
  Buffer.byteLength(name) <= 200 && /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}._@+=,~ -]*$/u.test(name) && !/[. ]$/.test(name)
