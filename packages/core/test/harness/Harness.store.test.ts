import { appendFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Entry, Transcript } from "han-core/Entry"
import { type Harness, ledgerTokens } from "han-core/Harness"
import { Harnesses, known } from "han-core/Harnesses"
import type { SessionEvent } from "han-core/SessionEvent"
import { archive, put, temporary } from "../../../../test/indexing.ts"
import { decodeEntry } from "../../src/harness/Decode.ts"
import { decodeLine } from "../../src/harness/decodedLine.ts"
import { noEnvelope } from "../../src/harness/envelope.ts"

/** An agent that is in no package: `<root>/talks/<year>/<session>.talk`, one JSON object a line in words of its own, and input that has the cache in it. */
const talker: Harness = {
  source: "talker",
  folders: {
    tops: ["talks"],
    skipped: new Set(["large"]),
    child: ({ depth, level, sessionId }, name) =>
      level === "root" ? { level: "way", sessionId } : depth === 1 && /^\d{4}$/.test(name) ? { level: "transcripts", sessionId } : null,
    isOutput: () => false,
    factsOf: () => null,
    transcriptOfFacts: () => null
  },
  identify: (folder, name) =>
    !name.endsWith(".talk")
      ? null
      : folder?.level === "transcripts"
        ? { kind: "main", sessionId: name.slice(0, -".talk".length), agentId: null }
        : { kind: "none", reason: "it is of no year", known: false },
  decode: (transcript, entry) =>
    decodeLine(
      transcript,
      entry,
      (record) => ({ ...noEnvelope, type: "talk", uuid: String(record.n), at: Number(record.n) }),
      ({ events, record }) => {
        if (typeof record.said === "string") events.push({ _tag: "Prompted", origin: "human", text: record.said, images: 0, permissionMode: null })
        if (typeof record.did === "string")
          events.push({
            _tag: "ToolCalled",
            toolUseId: "c1",
            name: record.did,
            kind: talker.toolKind(record.did, null),
            input: null,
            agentType: null,
            task: null
          })
      }
    ),
  toolKind: (name) => (name === "shell" ? "run" : "other"),
  counters: { input: ["cacheRead"], output: [] }
}

const transcript = { machine: "m", source: "talker", sessionId: "one", kind: "main", agentId: null, generation: 1 } as unknown as Transcript
const entry = (text: string): Entry => ({ line: 0, offset: 0, bytes: new TextEncoder().encode(text) })
const tags = (events: ReadonlyArray<SessionEvent>) => events.map((event) => (event._tag === "ToolCalled" ? `${event._tag} ${event.kind}` : event._tag))
const lines = '{"n":1,"said":"hello"}\n{"n":2,"did":"shell"}\n{"n":3,"hummed":true}\nnoise\n'

describe("a harness that is given to a program", () => {
  it.scopedLive("A given harness has its transcripts found, kept and decoded, beside those of Claude Code", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const claude = yield* temporary
      const file = put(path.join(root, "talks/2026/one.talk"), lines)
      put(path.join(root, "talks/2026/one-han.jsonl"), '{"type":"hook_run","uuid":"h","data":{}}\n')
      put(path.join(root, "talks/lost.talk"), lines)
      put(path.join(root, "notes/x.talk"), lines)
      put(path.join(root, "large/x.talk"), lines)
      put(path.join(root, "projects/-p/11111111-1111-4111-8111-000000000001.jsonl"), "{}\n")
      put(path.join(claude, "projects/-p/11111111-1111-4111-8111-000000000002.jsonl"), '{"type":"user","uuid":"u","message":{"content":"hi"}}\n')
      const { infos, journal, pass, run } = yield* archive(root, { roots: [{ path: root, source: "talker" }, { path: claude }] })
      const report = yield* pass
      expect(report).toMatchObject({ transcripts: 3, entries: 6, problems: [] })
      expect(report.notTaken.files.map(({ path: at, reason }) => [path.relative(root, at), reason])).toEqual([
        ["notes/x.talk", "it lies outside of talks"],
        ["talks/lost.talk", "it is of no year"]
      ])
      expect((yield* infos).map((info) => [info.transcript.source, info.transcript.kind, info.transcript.sessionId]).sort()).toEqual([
        ["claude-code", "main", "11111111-1111-4111-8111-000000000002"],
        ["talker", "han", "one"],
        ["talker", "main", "one"]
      ])
      appendFileSync(file, '{"n":4,"said":"more"}\n')
      yield* pass
      const changes = yield* run(Stream.runCollect(Stream.take(journal.changes({ after: 0 }), 4)))
      const told = [...changes].flatMap(({ decoded, transcript }) =>
        transcript.source === "talker" && transcript.kind === "main" ? decoded.flatMap(({ events }) => tags(events)) : []
      )
      expect(told).toEqual(["Prompted", "ToolCalled run", "Unrecognized", "Unreadable", "Prompted"])
    }).pipe(Effect.provideService(Harnesses, [...known, talker]))
  )

  it("A harness is asked for lines of its own name only, and lines of an unknown name are not recognized", () => {
    expect(tags(decodeEntry(transcript, entry('{"n":1,"said":"hello"}'), [...known, talker]).events)).toEqual(["Prompted"])
    for (const text of ['{"n":1,"said":"hello"}', '{"type":"response_item","payload":{}}', '{"type":4}', "{}"])
      expect(tags(decodeEntry(transcript, entry(text)).events)).toEqual(["Unrecognized"])
    expect(tags(decodeEntry(transcript, entry("noise")).events)).toEqual(["Unreadable"])
  })
})

describe("tokens for the ledger", () => {
  const stated = { input: 100, output: 20, cacheRead: 60, cacheWrite: 10, reasoning: 5 }
  it.each([
    ["a cache that the input holds is taken out of it", { input: ["cacheRead", "cacheWrite"], output: ["reasoning"] }, { input: 30, output: 20 }],
    ["reasoning that the output leaves out is added to it", { input: [], output: [] }, { input: 100, output: 25 }],
    ["figures that are apart stay as they are", known[0]!.counters, { input: 100, output: 20 }]
  ] as const)("The ledger's tokens are counted right: %s", (_, counters, expected) => {
    expect(ledgerTokens(counters, stated)).toEqual(expected)
  })
})
