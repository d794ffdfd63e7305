/**
 * The contract of an agent program whose transcripts han reads: where its files lie, and what its lines mean.
 *
 * @example
 * ```ts
 * import { type Harness, noFolders } from "han-core/Harness"
 * import { harnessNamed, known } from "han-core/Harnesses"
 *
 * // An agent that writes lines as Claude Code does, to `<root>/talks/<session>.jsonl`.
 * const talker: Harness = {
 *   ...harnessNamed(known, "claude-code"),
 *   source: "talker",
 *   folders: { ...noFolders, tops: ["talks"], child: ({ level }) => (level === "root" ? { level: "transcripts", sessionId: null } : null) },
 *   identify: (folder, name) =>
 *     folder?.level === "transcripts" && name.endsWith(".jsonl") ? { kind: "main", sessionId: name.slice(0, -".jsonl".length), agentId: null } : null
 * }
 * ```
 */

import type { Entry, Transcript } from "../journal/Entry.ts"
import type { DecodedLine, ToolKind } from "../journal/SessionEvent.ts"

/** A folder on the way from a configuration folder to transcripts, known by its names alone. */
export interface HarnessFolder {
  /**
   * `root`: the configuration folder · `way`: leads to transcripts and holds none · `transcripts`: holds sessions' transcripts · `session`: a session's own folder ·
   * `inside`: a folder anywhere below a session's own · `outputs`: holds what tools wrote, and no transcripts.
   */
  readonly level: "root" | "way" | "transcripts" | "session" | "inside" | "outputs"
  /** The session whose folder it is, or in whose folder it lies. */
  readonly sessionId: string | null
  /** The number of folders between it and the configuration folder, itself included; for `inside` between it and the session's folder. */
  readonly depth: number
}

/** A transcript as its place and name tell it. `sessionId` is null when only the first line of the file says it. */
export interface TranscriptName extends Pick<Transcript, "kind"> {
  readonly sessionId: string | null
  readonly agentId: string | null
}

/** A file that is named as transcripts are and is none. `known`: the agent writes it for itself, so nothing is missing. */
export interface NoTranscript {
  readonly kind: "none"
  readonly reason: string
  readonly known: boolean
}

/** The folders below a configuration folder that hold transcripts. Everything is told by names: nothing is read. */
export interface HarnessFolders {
  /** The folders of the configuration folder in which transcripts are. */
  readonly tops: ReadonlyArray<string>
  /** Folders of the configuration folder that are not searched for stray transcripts either: they may be large, and hold none. */
  readonly skipped: ReadonlySet<string>
  /** The folder `name` in `parent`; null where no transcripts are. Asked for `tops` with the configuration folder as `parent`, too. */
  readonly child: (parent: HarnessFolder, name: string) => Pick<HarnessFolder, "level" | "sessionId"> | null
  /** Tells whether a file of this name in an `outputs` folder is a tool's output. */
  readonly isOutput: (name: string) => boolean
  /** The file of facts beside a subagent's transcript of this name; null when the agent writes none. */
  readonly factsOf: (transcript: string) => string | null
  /** The transcript that a file of facts belongs to; null for any other name. */
  readonly transcriptOfFacts: (name: string) => string | null
}

/** For an agent whose transcripts lie in no folder of their own: in a database, or beside those of others. */
export const noFolders: HarnessFolders = {
  tops: [],
  skipped: new Set(),
  child: () => null,
  isOutput: () => false,
  factsOf: () => null,
  transcriptOfFacts: () => null
}

/** The counters of tokens that an agent's figures of input and of output hold beside what they name; whatever is not listed is counted apart. */
export interface TokenCounters {
  readonly input: ReadonlyArray<"cacheRead" | "cacheWrite">
  readonly output: ReadonlyArray<"reasoning">
}

/**
 * One agent's way of writing transcripts. A new agent is one value of this type, in a folder of its own beside `claude` and `han`; nothing else knows its files, lines or tools.
 * `Harnesses` gives it to a program.
 */
export interface Harness {
  /** The name that is stored as the `source` of its transcripts, such as `claude-code`. */
  readonly source: string
  readonly folders: HarnessFolders
  /**
   * Tells which transcript a file of this name in `folder` is; null for a file that is not named as one. A `folder` of null is one in which there should be none.
   * If the name leaves `sessionId` open, it is asked again with the `firstLine` of the file, parsed, and says null there when that names no session either.
   */
  readonly identify: (folder: HarnessFolder | null, name: string, firstLine?: unknown) => TranscriptName | NoTranscript | null
  /** Says what a line means. Pure, never throws, and never without an event: what it does not know is `Unrecognized`, what it cannot read `Unreadable`. */
  readonly decode: (transcript: Transcript, entry: Entry) => DecodedLine
  /** The file below `<folder of the transcript>/<session>` that holds what a line is about; null for a line that says all itself. */
  readonly payloadOf?: (line: Uint8Array) => string | null
  /** Says what a tool of this name does. `decode` sets it as the `kind` of each call. */
  readonly toolKind: (name: string, input: unknown) => ToolKind
  readonly counters: TokenCounters
}

/** Tokens of a response as an agent counts them. */
export interface StatedTokens {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly reasoning: number
}

/** The input without the cache and the output with all reasoning, as `ResponseMetered` counts them, from figures that `counters` describes. */
export const ledgerTokens = (counters: TokenCounters, stated: StatedTokens): { readonly input: number; readonly output: number } => {
  let { input, output } = stated
  for (const held of counters.input) input -= stated[held]
  if (!counters.output.includes("reasoning")) output += stated.reasoning
  return { input: Math.max(0, input), output }
}
