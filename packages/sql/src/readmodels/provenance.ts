/**
 * The place where a call, a response or a compaction was seen. Forks carry copies, so one thing may be seen in many transcripts;
 * it belongs to the session that made it, whatever was indexed first.
 */
export interface Provenance {
  /** The session that made it, as far as this provenance knows. */
  readonly sessionNo: number
  /**
   * The source of that knowledge, below 4: 0 the line names the session of the request · 1 the line names the session it was copied from · 2 the line stands in the session's own
   * transcript · 3 it stands in this transcript, but bears the id of another session. And four times how well the line fits its transcript (see `fitOf`).
   */
  readonly mark: number
  readonly transcriptNo: number
  readonly transcriptId: string
  /** The session whose transcript it was seen in. */
  readonly transcriptSessionNo: number
  readonly line: number
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const knowing = ({ mark }: Provenance): number => mark % 4
const fit = ({ mark }: Provenance): number => Math.floor(mark / 4)

/** Both provenances as one: any order of merging gives the same. */
export const merge = (a: Provenance, b: Provenance): Provenance => {
  const home = (knowing(a) - knowing(b) || compare(a.transcriptId, b.transcriptId)) <= 0 ? a : b
  const foreign = (provenance: Provenance) => (provenance.transcriptSessionNo === home.sessionNo ? 0 : 1)
  const place = (foreign(a) - foreign(b) || fit(a) - fit(b) || compare(a.transcriptId, b.transcriptId) || a.line - b.line) <= 0 ? a : b
  return {
    sessionNo: home.sessionNo,
    mark: knowing(home) + 4 * fit(place),
    transcriptNo: place.transcriptNo,
    transcriptId: place.transcriptId,
    transcriptSessionNo: place.transcriptSessionNo,
    line: place.line
  }
}
