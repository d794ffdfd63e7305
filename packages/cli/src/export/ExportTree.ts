import { transcriptFileId } from "han-core/Entry"
import type { TranscriptInfo } from "han-core/Journal"
import type { ToolOutput } from "han-core/ToolOutput"
import { foremost } from "./TranscriptChoice.ts"

/** The path of one transcript: names of folders and a file, from the top of the export. */
export interface Place {
  readonly info: TranscriptInfo
  readonly path: ReadonlyArray<string>
  /** The path of the file of facts beside it; only the foremost generation has one. */
  readonly meta: ReadonlyArray<string> | undefined
}

export interface Refused {
  readonly info: TranscriptInfo
  readonly reason: string
}

/**
 * `<source>/<session>/<session>.jsonl`, `…/<session>-han.jsonl`, an agent's file and its `.meta.json` where they were below the session's folder (`…/subagents/agent-<agent>.jsonl`
 * when that is not known); another generation N of a file has `.generation-N` before `.jsonl`. Of several files for one place the later ones go to folders `copy-2`, … beside
 * it. With transcripts of several machines the machine's folder is above all of it. Ids that are no file names are refused.
 */
export const placesOf = (transcripts: ReadonlyArray<TranscriptInfo>): { readonly places: ReadonlyArray<Place>; readonly refused: ReadonlyArray<Refused> } => {
  const byFile = Map.groupBy(transcripts, (info) => [transcriptFileId(info.transcript), ...foldersOf(info)].join("/"))
  const plain = new Set([...byFile.values()].map(foremost))
  const machines = new Set(transcripts.map(({ transcript }) => transcript.machine))
  const places: Array<Place> = []
  const refused: Array<Refused> = []
  const given = new Set<string>()
  for (const info of transcripts) {
    const { agentId, generation, kind, machine, sessionId, source } = info.transcript
    const bad = [machine, source, sessionId, ...(agentId === null ? [] : [agentId])].find((name) => !isFileName(name))
    if (bad !== undefined) {
      refused.push({ info, reason: nameReason(bad) })
      continue
    }
    const isPlain = plain.has(info)
    const stem = agentId !== null ? `agent-${agentId}` : kind === "han" ? `${sessionId}-han` : sessionId
    const name = `${stem}${isPlain ? "" : `.generation-${generation}`}.jsonl`
    const top = [...(machines.size > 1 ? [machine] : []), source, sessionId, ...foldersOf(info)]
    let folder = top
    for (let copy = 2; given.has(placeKey([...folder, name])); copy++) folder = [...top, `copy-${copy}`]
    given.add(placeKey([...folder, name]))
    places.push({
      info,
      path: [...folder, name],
      meta: isPlain && agentId !== null ? [...folder, `${stem}.meta.json`] : undefined
    })
  }
  return { places, refused }
}

/** The place of an output: `<source>/<session>/tool-results/<name>`; of an older generation N the name has `.generation-N` behind it. */
export interface OutputPlace {
  readonly output: ToolOutput
  readonly path: ReadonlyArray<string>
}

export const outputPlacesOf = (
  outputs: ReadonlyArray<ToolOutput>,
  /** Keeps the machines of all that is exported apart. */
  byMachine: boolean
): { readonly places: ReadonlyArray<OutputPlace>; readonly refused: ReadonlyArray<{ readonly output: ToolOutput; readonly reason: string }> } => {
  const keyOf = ({ machine, name, sessionId, source }: ToolOutput): string => [machine, source, sessionId, name].join("/")
  const newest = new Map<string, number>()
  for (const output of outputs) newest.set(keyOf(output), Math.max(newest.get(keyOf(output)) ?? 0, output.generation))
  const places: Array<OutputPlace> = []
  const refused: Array<{ readonly output: ToolOutput; readonly reason: string }> = []
  const given = new Set<string>()
  for (const output of outputs) {
    const { generation, machine, name, sessionId, source } = output
    const bad = [machine, source, sessionId, name].find((one) => !isFileName(one))
    const path = [
      ...(byMachine ? [machine] : []),
      source,
      sessionId,
      "tool-results",
      generation === newest.get(keyOf(output)) ? name : `${name}.generation-${generation}`
    ]
    if (bad !== undefined) refused.push({ output, reason: nameReason(bad) })
    else if (given.has(placeKey(path))) refused.push({ output, reason: "another file has the same name, but for its case" })
    else places.push({ output, path })
    given.add(placeKey(path))
  }
  return { places, refused }
}

const nameReason = (bad: string): string => `${JSON.stringify(bad.slice(0, 80))} is no name for a file`

/** Many disks do not tell names apart by their case, some not by how a letter is composed. */
const placeKey = (path: ReadonlyArray<string>): string => path.join("/").normalize("NFC").toLowerCase()

/** The folders between an agent's file and its session's folder, as they were when the file was last seen. */
const foldersOf = ({ file, transcript }: TranscriptInfo): ReadonlyArray<string> => {
  if (transcript.agentId === null) return []
  const names = file?.path.split(/[\\/]/).slice(0, -1) ?? []
  const session = names.lastIndexOf(transcript.sessionId)
  const below = names.slice(session + 1)
  return session !== -1 && below.length <= maxFolders && below.every(isFileName) ? below : ["subagents"]
}
const maxFolders = 32

/** Safe as one name in any folder: nothing that separates, hides or climbs. */
export const isFileName = (name: string): boolean =>
  Buffer.byteLength(name) <= 200 && /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}._@+=,~ -]*$/u.test(name) && !/[. ]$/.test(name)
