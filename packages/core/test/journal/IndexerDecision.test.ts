import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decideRead } from "../../src/journal/decideRead.ts"
import { SessionId } from "../../src/journal/Entry.ts"
import { digestOf, edgeBytes, edgeRanges, extendFingerprint, noFingerprint } from "../../src/journal/fingerprint.ts"
import type { TranscriptInfo } from "../../src/journal/Journal.ts"
import type { TranscriptFile } from "../../src/journal/Transcripts.ts"

const transcript = { machine: "m", source: "claude-code", sessionId: SessionId.make("s"), kind: "main" as const, agentId: null }
const file: TranscriptFile = { transcript, path: "/r/projects/-p/s.jsonl", root: "/r", device: 1, inode: 2, size: 100, mtimeMs: 1000.5, meta: null }
const facts = { path: file.path, root: "/r", device: 1, inode: 2, size: 100, mtimeMs: 1000.5, headDigest: "h", tailDigest: "t" }
const known: Pick<TranscriptInfo, "bytes" | "file" | "missingSince"> = {
  bytes: 90,
  file: facts,
  missingSince: null
}

describe("what a look asks for", () => {
  it.each<[string, Partial<typeof known> | null, Partial<TranscriptFile>, ReturnType<typeof decideRead>]>([
    ["a new file: everything", null, {}, { _tag: "Begin" }],
    ["the same file: nothing, a half-written line included", {}, {}, { _tag: "Unchanged" }],
    ["the same file on a disk of another number: a note", {}, { device: 9 }, { _tag: "Note" }],
    ["one that was missing: a note", { missingSince: 1 }, {}, { _tag: "Note" }],
    ["another folder: a note", {}, { path: "/r/projects/-q/s.jsonl" }, { _tag: "Note" }],
    [
      "another folder under another inode: all is compared",
      {},
      { path: "/q/projects/-p/s.jsonl", root: "/q", device: 8, inode: 7 },
      { _tag: "Continue", compare: true }
    ],
    ["another root by another name: a note", {}, { root: "/alias" }, { _tag: "Note" }],
    ["longer: from the cursor on", {}, { size: 101, mtimeMs: 2000 }, { _tag: "Continue", compare: false }],
    ["longer under another inode: from the cursor on", {}, { size: 101, inode: 3 }, { _tag: "Continue", compare: false }],
    ["shorter by the half-written line: from the cursor on", {}, { size: 90, mtimeMs: 2000 }, { _tag: "Continue", compare: false }],
    ["longer since a pass that was cut short: from the cursor on", { bytes: 50, file: { ...facts, size: 50 } }, {}, { _tag: "Continue", compare: false }],
    ["shorter than what was kept: a new generation", {}, { size: 89 }, { _tag: "Begin" }],
    ["emptied: a new generation", {}, { size: 0, mtimeMs: 2000 }, { _tag: "Begin" }],
    ["the same length, written at another time: all is compared", {}, { mtimeMs: 2000 }, { _tag: "Continue", compare: true }],
    ["the same length under another inode: all is compared", {}, { inode: 3 }, { _tag: "Continue", compare: true }],
    ["the same length at another place and time: all is compared", {}, { path: "/r/projects/-q/s.jsonl", mtimeMs: 2000 }, { _tag: "Continue", compare: true }],
    ["lines that came from elsewhere: all is compared", { file: null }, {}, { _tag: "Continue", compare: true }],
    ["lines that came from elsewhere, more than the file has: a new generation", { file: null, bytes: 101 }, {}, { _tag: "Begin" }]
  ])("A look decides by what was known: %s", (_, before, now, decision) => {
    expect(decideRead(before === null ? undefined : { ...known, ...before }, { ...file, ...now })).toEqual(decision)
  })
})

describe("the edges of what is kept", () => {
  const sizes = fc.array(
    fc.array(fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 3 * edgeBytes }), fc.constantFrom(edgeBytes - 1, edgeBytes, edgeBytes + 1)), { maxLength: 6 }),
    { maxLength: 6 }
  )
  it("The edges of what is kept are the ends of the file, however its lines arrive", () => {
    fc.assert(
      fc.property(sizes, (batches) => {
        let next = 0
        let content = Buffer.alloc(0)
        let edges = noFingerprint
        for (const batch of batches) {
          const lines = batch.map((size) => ({ bytes: Uint8Array.from({ length: size }, () => 32 + (next++ % 91)) }))
          edges = extendFingerprint(edges, lines)
          content = Buffer.concat([content, ...lines.flatMap((line) => [line.bytes, Buffer.from("\n")])])
          const { head, tail } = edgeRanges(content.length)
          expect(digestOf(edges.head)).toBe(digestOf(content.subarray(head.offset, head.offset + head.length)))
          expect(digestOf(edges.tail)).toBe(digestOf(content.subarray(tail.offset, tail.offset + tail.length)))
        }
      }),
      { numRuns: 200 }
    )
  })
})
