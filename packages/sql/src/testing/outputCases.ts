import { Buffer } from "node:buffer"
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as fc from "effect/FastCheck"
import * as Stream from "effect/Stream"
import { Search } from "han-core/Search"
import { searchedOutputBytes, type ToolOutput, type ToolOutputPart, toolOutputId } from "han-core/ToolOutput"
import { OwnerId, Viewer } from "han-core/Viewer"
import { assert } from "./assertions.ts"
import { type Case, test } from "./cases.ts"
import { found, sessionId } from "./readEverything.ts"
import { lines, transcript } from "./transcriptLines.ts"
import { wholeJournal } from "./wholeJournal.ts"

/** A line whose result is in that file; `of`: the session in whose folder it is. */
const pointing = (uuid: string, second: number, name: string, of: string, preview = "preview") => ({
  type: "user",
  uuid,
  timestamp: new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString(),
  message: {
    role: "user",
    content: [
      {
        type: "tool_result",
        tool_use_id: `call-${uuid}`,
        content: `<persisted-output>\nOutput too large. Full output saved to: /h/projects/-p/${of}/tool-results/${name}\n\n${preview}\n</persisted-output>`
      }
    ]
  },
  toolUseResult: { stdout: `${preview}\nmiddle${uuid}`, persistedOutputPath: `/h/projects/-p/${of}/tool-results/${name}` }
})

/** The parts of an output, `size` bytes each. */
const partsOf = (of: string, name: string, text: string | Uint8Array, size = 1 << 20, generation = 1): ReadonlyArray<ToolOutputPart> => {
  const all = Buffer.from(text)
  const parts: Array<ToolOutputPart> = []
  for (let offset = 0; offset < all.length; offset += size) {
    const bytes = all.subarray(offset, offset + size)
    const kept = offset + bytes.length
    const output: ToolOutput = {
      machine: "test",
      source: "claude-code",
      sessionId: sessionId(of),
      name,
      generation,
      kept,
      size: all.length,
      digest: createHash("sha256").update(all.subarray(0, kept)).digest("hex"),
      file: { path: `/h/projects/-p/${of}/tool-results/${name}`, root: "/h", inode: 1, mtimeMs: 1.5 }
    }
    parts.push({ output, offset, bytes })
  }
  return parts
}

const bytesOf = (output: ToolOutput) =>
  Effect.flatMap(wholeJournal, (journal) =>
    Effect.map(Stream.runCollect(journal.outputBytes(toolOutputId(output))), (pieces) => Buffer.concat([...pieces]).toString())
  )

const rebuilt = Effect.flatMap(wholeJournal, (journal) => Stream.runDrain(journal.rebuild))

/** Cases of files of tools' output. */
export const outputCases: ReadonlyArray<Case> = [
  test("Words of an output are found whatever came first, once for each line that points to it", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const main = lines([pointing("a1", 1, "one.txt", "s1"), pointing("a2", 2, "two.txt", "s1"), pointing("a3", 3, "one.txt", "s1")])
      const agent = lines([pointing("b1", 4, "three.txt", "s1")])
      yield* journal.keepOutputs(partsOf("s1", "one.txt", "the firstword of it"))
      yield* journal.append(transcript("s1"), main)
      yield* journal.append(transcript("s1", { kind: "agent", agentId: null }), [])
      yield* journal.append({ ...transcript("s1"), kind: "agent", agentId: "x" as never }, agent)
      assert.deepStrictEqual(yield* found("firstword"), ["a3", "a1"])
      assert.deepStrictEqual(yield* found("secondword"), [])
      yield* journal.keepOutputs([...partsOf("s1", "two.txt", "then a secondword"), ...partsOf("s1", "three.txt", "a thirdword")])
      assert.deepStrictEqual(yield* found("secondword"), ["a2"])
      assert.deepStrictEqual(yield* found("thirdword"), ["b1"])
      assert.deepStrictEqual(yield* found("middlea2"), ["a2"])
      const [hit] = (yield* (yield* Search).messages({ text: "secondword" }, { first: 1 })).items
      assert.strictEqual(hit?.node.excerpt, "then a secondword")
      const outputs = yield* journal.outputs({ sessionId: sessionId("s1") })
      assert.deepStrictEqual(
        outputs,
        [
          ...partsOf("s1", "one.txt", "the firstword of it"),
          ...partsOf("s1", "two.txt", "then a secondword"),
          ...partsOf("s1", "three.txt", "a thirdword")
        ].map(({ output }) => output)
      )
      assert.deepStrictEqual(yield* Effect.forEach(outputs, bytesOf), ["the firstword of it", "then a secondword", "a thirdword"])
      assert.deepStrictEqual(yield* journal.outputTotals, { outputs: 3, bytes: 47, problemCount: 0, problems: [] })
      yield* rebuilt
      assert.deepStrictEqual(yield* found("firstword"), ["a3", "a1"])
      assert.deepStrictEqual(yield* found("thirdword"), ["b1"])
    })),

  test("An output that grows is found to its end, and one that was written anew by what it says now", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      yield* journal.append(transcript("s1"), lines([pointing("a1", 1, "one.txt", "s1")]))
      const whole = "beginword and more and then endword"
      const [first, ...rest] = partsOf("s1", "one.txt", whole, 10)
      yield* journal.keepOutputs([first!])
      assert.deepStrictEqual([yield* found("beginword"), yield* found("endword")], [["a1"], []])
      const gap = yield* Effect.flip(journal.keepOutputs(rest.slice(1)))
      assert.strictEqual(gap._tag, "ToolOutputGap")
      yield* journal.keepOutputs(rest)
      yield* journal.keepOutputs([first!, ...rest])
      yield* journal.keepOutputs(partsOf("s1", "one.txt", whole, 17))
      assert.deepStrictEqual([yield* found("beginword"), yield* found("endword"), yield* found('"more and then endword"')], [["a1"], ["a1"], ["a1"]])
      yield* journal.keepOutputs(partsOf("s1", "one.txt", "otherword", 100, 2))
      assert.deepStrictEqual([yield* found("endword"), yield* found("otherword")], [[], ["a1"]])
      assert.deepStrictEqual(yield* Effect.flatMap(journal.outputs(), Effect.forEach(bytesOf)), [whole, "otherword"])
    })),

  test("Any order and cutting of lines and parts gives the same, and a rebuild at any time changes nothing", ({ elsewhere, runs }) =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.array(fc.nat(3), { minLength: 1, maxLength: 14 }), fc.integer({ min: 3, max: 40 }), fc.nat(14), (choices, size, rebuildAt) =>
          Effect.runPromise(
            elsewhere(
              Effect.gen(function* () {
                const journal = yield* wholeJournal
                const entries = lines(Array.from({ length: 6 }, (_, n) => pointing(`a${n}`, n, `f${n % 3}.txt`, "s1")))
                const queues = [
                  entries.map((entry) => journal.append(transcript("s1"), [entry])),
                  ...[0, 1, 2].map((n) => partsOf("s1", `f${n}.txt`, `begin${n} ${"x ".repeat(20)} end${n}`, size).map((part) => journal.keepOutputs([part])))
                ]
                let step = 0
                for (; queues.some((queue) => queue.length > 0); step++) {
                  const open = queues.filter((queue) => queue.length > 0)
                  yield* open[(choices[step % choices.length] ?? 0) % open.length]!.shift()!
                  if (step === rebuildAt) yield* rebuilt
                }
                const everything = Effect.forEach(["begin0", "end0", "begin1", "end1", "begin2", "end2", "preview"], (word) => found(word))
                const expected = [
                  ["a3", "a0"],
                  ["a3", "a0"],
                  ["a4", "a1"],
                  ["a4", "a1"],
                  ["a5", "a2"],
                  ["a5", "a2"],
                  ["a5", "a4", "a3", "a2", "a1", "a0"]
                ]
                assert.deepStrictEqual(yield* everything, expected)
                yield* rebuilt
                assert.deepStrictEqual(yield* everything, expected)
              })
            )
          )
        ),
        { numRuns: runs }
      )
    )),

  test("Outputs that are missing, refused, cut or too long are told of, and a fork's are its origin's", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      yield* journal.append(
        transcript("s1"),
        lines([
          pointing("a1", 1, "gone.txt", "s1"),
          pointing("a2", 2, "far.txt", "s9"),
          pointing("a3", 3, "long.txt", "s1"),
          pointing("a4", 4, "cut.txt", "s1")
        ])
      )
      yield* journal.append(transcript("fork"), lines([pointing("a3", 3, "long.txt", "s1")]))
      yield* journal.keepOutputs(partsOf("s1", "long.txt", Buffer.alloc(searchedOutputBytes + 10, "word ")))
      const [part] = partsOf("s1", "cut.txt", "cut")
      yield* journal.keepOutputs([{ ...part!, output: { ...part!.output, size: 50 } }])
      const totals = yield* journal.outputTotals
      assert.strictEqual(totals.problemCount, 4)
      assert.deepStrictEqual(
        totals.problems.map(({ kind, line, name, sessionId, transcript }) => [kind, sessionId, name, transcript, line]),
        [
          ["refused", "s1", "/h/projects/-p/s9/tool-results/far.txt", "test/claude-code/s1/main/1", 1],
          ["missing", "s1", "gone.txt", "test/claude-code/s1/main/1", 0],
          ["unsearched", "s1", "long.txt", null, null],
          ["cut", "s1", "cut.txt", null, null]
        ]
      )
      assert.deepStrictEqual(yield* found("word"), ["a3"])
    })),

  test("both databases find the same words of a text that has too many", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      yield* journal.append(transcript("s1"), lines([pointing("a1", 1, "many.txt", "s1"), pointing("a2", 2, "numbers.txt", "s1")]))
      const many = Array.from({ length: 90_000 }, (_, n) => `wörd${n}`).join(" ")
      const numbers = Array.from({ length: 62_000 }, (_, n) => n + 1).join("\n")
      yield* journal.keepOutputs([...partsOf("s1", "many.txt", many), ...partsOf("s1", "numbers.txt", numbers)])
      assert.deepStrictEqual(yield* Effect.forEach(["wörd0", "wörd60000", "wörd80000", "wörd89999", "62000", "middlea1"], (word) => found(word)), [
        ["a1"],
        ["a1"],
        [],
        [],
        ["a2"],
        ["a1"]
      ])
      assert.deepStrictEqual(
        (yield* journal.outputTotals).problems.map(({ kind, line }) => [kind, line]),
        [["unsearched", 0]]
      )
      yield* rebuilt
      assert.deepStrictEqual([yield* found("wörd60000"), yield* found("wörd80000"), yield* found("62000")], [["a1"], [], ["a2"]])
    })),

  test("what is no text is kept and not searched", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      yield* journal.append(transcript("s1"), lines([pointing("a1", 1, "mcp-s-blob-1-a.png", "s1")]))
      const image = Buffer.from("\x89PNG\r\n\x1a\n\0\0 pixelword", "latin1")
      yield* journal.keepOutputs(partsOf("s1", "mcp-s-blob-1-a.png", image))
      assert.deepStrictEqual([yield* found("pixelword"), yield* found("preview")], [[], ["a1"]])
      const [output] = yield* journal.outputs()
      assert.deepStrictEqual(Buffer.concat([...(yield* Stream.runCollect(journal.outputBytes(toolOutputId(output!))))]), image)
    })),

  test("A forgotten session takes its outputs along, none come again, and other sessions and owners keep theirs", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const other = Effect.provideService(Viewer, { owner: OwnerId.make("other"), person: null })
      yield* journal.append(transcript("s1"), lines([pointing("a1", 1, "one.txt", "s1")]))
      yield* journal.append(transcript("fork"), lines([pointing("a1", 1, "one.txt", "s1"), pointing("c1", 2, "mine.txt", "fork")]))
      const parts = [...partsOf("s1", "one.txt", "firstword"), ...partsOf("fork", "mine.txt", "forkword"), ...partsOf("alone", "left.txt", "aloneword")]
      yield* journal.keepOutputs(parts)
      yield* other(journal.append(transcript("s1"), lines([pointing("o1", 1, "one.txt", "s1")])))
      yield* other(journal.keepOutputs(parts))
      yield* journal.forget({ sessionIds: [sessionId("s1"), sessionId("alone")] })
      yield* journal.keepOutputs(parts)
      assert.deepStrictEqual(
        (yield* journal.outputs()).map((output) => output.name),
        ["mine.txt"]
      )
      assert.deepStrictEqual([yield* found("firstword"), yield* found("forkword")], [[], ["c1"]])
      const gone = yield* Effect.flip(Stream.runDrain(journal.outputBytes(toolOutputId(parts[0]!.output))))
      assert.strictEqual(gone._tag, "ToolOutputNotFound")
      assert.strictEqual((yield* other(journal.outputs())).length, 3)
      assert.deepStrictEqual(yield* other(found("firstword")), ["o1"])
    }))
]
