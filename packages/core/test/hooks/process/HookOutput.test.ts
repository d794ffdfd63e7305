import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import { runs } from "../../../../../test/runs.ts"
import { put, temporary } from "../../../../../test/transcriptTree.ts"
import { type OutputStream, outputRecord } from "../../../src/hooks/process/hookOutput.ts"
import { lineFeed, linePiece, linesWaiting } from "../../../src/hooks/process/lineFeed.ts"

interface Block {
  readonly stream: OutputStream
  readonly bytes: Uint8Array
}

const stream = FastCheck.constantFrom<OutputStream>("stdout", "stderr")
const blocksOf = (bytes: FastCheck.Arbitrary<Uint8Array>): FastCheck.Arbitrary<ReadonlyArray<Block>> =>
  FastCheck.array(FastCheck.record({ stream, bytes }), { maxLength: 30 })
const anyBytes = FastCheck.uint8Array({ maxLength: 40 })
/** With many ends of lines and unfinished characters. */
const lively = FastCheck.array(FastCheck.constantFrom(10, 10, 13, 97, 0xc3, 0xa9, 0xe2, 0x82, 0xf0, 0x9f, 0xff), { maxLength: 40 }).map((all) =>
  Uint8Array.from(all)
)
const text = FastCheck.string({ unit: "grapheme", maxLength: 20 }).map((all) => new TextEncoder().encode(all))

const of = (blocks: ReadonlyArray<Block>, wanted: OutputStream): Buffer =>
  Buffer.concat(blocks.filter((each) => each.stream === wanted).map(({ bytes }) => bytes))

describe("the record of two outputs", () => {
  const recorded = (folder: string, memoryBytes: number, blocks: ReadonlyArray<Block>) => {
    const record = outputRecord({ memoryBytes, folder, name: "it" })
    for (const each of blocks) record.take(each.stream, each.bytes)
    return record.end()
  }

  it.scoped("The record of two outputs has all bytes: in memory, else in the file, in their order", () =>
    Effect.map(temporary, (folder) =>
      FastCheck.assert(
        FastCheck.property(FastCheck.nat(100), blocksOf(FastCheck.oneof(anyBytes, lively)), (memoryBytes, blocks) => {
          const { outputFile, ...outputs } = recorded(folder, memoryBytes, blocks)
          for (const name of ["stdout", "stderr"] as const) {
            const all = of(blocks, name)
            expect(outputs[name].bytes).toBe(all.length)
            expect(outputs[name].cut).toBe(all.length > memoryBytes)
            if (!outputs[name].cut) expect(outputs[name].text).toBe(all.toString("utf8"))
          }
          expect(outputFile === null).toBe(!outputs.stdout.cut && !outputs.stderr.cut)
          if (outputFile !== null) expect(readFileSync(outputFile).equals(Buffer.concat(blocks.map(({ bytes }) => bytes)))).toBe(true)
        })
      )
    )
  )

  it.scoped("The record of two outputs cuts an output between characters, and counts what it leaves out", () =>
    Effect.map(temporary, (folder) =>
      FastCheck.assert(
        FastCheck.property(FastCheck.nat(100), blocksOf(text), (memoryBytes, blocks) => {
          const { stdout, outputFile } = recorded(folder, memoryBytes, blocks)
          if (!stdout.cut) return
          const all = of(blocks, "stdout").toString("utf8")
          const notice = new RegExp(`… (\\d+) bytes left out, all of it in ${outputFile} …\n`).exec(stdout.text)
          expect(notice).not.toBeNull()
          const [line = "", count = ""] = notice ?? []
          const [before = "", tail = ""] = stdout.text.split(line)
          const head = all.startsWith(before) ? before : before.slice(0, -1)
          expect(all.startsWith(head) && all.endsWith(tail)).toBe(true)
          expect(Buffer.byteLength(head) + Buffer.byteLength(tail) + Number(count)).toBe(Buffer.byteLength(all))
          // A character has four bytes at most, so that three may be missing at each side.
          expect(Buffer.byteLength(head)).toBeGreaterThanOrEqual(Math.floor(memoryBytes / 4) - 3)
          expect(Buffer.byteLength(tail)).toBeGreaterThanOrEqual(Math.ceil((memoryBytes * 3) / 4) - 3)
        })
      )
    )
  )

  it.scoped("The record of two outputs stops writing at a bound, says so in the file and in the text, and goes on", () =>
    Effect.map(temporary, (folder) =>
      FastCheck.assert(
        FastCheck.property(FastCheck.nat(60), FastCheck.nat(120), blocksOf(anyBytes), (memoryBytes, fileBytes, blocks) => {
          const record = outputRecord({ memoryBytes, folder, name: "it", fileBytes })
          for (const each of blocks) record.take(each.stream, each.bytes)
          const { outputFile, ...outputs } = record.end()
          if (outputFile === null) return
          const all = Buffer.concat(blocks.map(({ bytes }) => bytes))
          const full = all.length > fileBytes
          const notice = full ? `\n… what came after the first ${fileBytes} bytes of both outputs is left out …\n` : ""
          expect(readFileSync(outputFile).equals(Buffer.concat([all.subarray(0, fileBytes), Buffer.from(notice)]))).toBe(true)
          // But for the words that say where the rest is, as if there were no bound.
          const whole = recorded(folder, memoryBytes, blocks)
          const where = full ? `the first ${fileBytes} of both outputs in ${outputFile}` : `all of it in ${outputFile}`
          for (const name of ["stdout", "stderr"] as const)
            expect(outputs[name]).toEqual({ ...whole[name], text: whole[name].text.replace(`all of it in ${outputFile}`, where) })
        })
      )
    )
  )

  it.scoped("The record of two outputs begins its file anew", () =>
    Effect.map(temporary, (folder) => {
      const file = put(path.join(folder, "it.txt"), "something longer that was here before, for all to read")
      chmodSync(file, 0o644)
      expect(recorded(folder, 1, [{ stream: "stderr", bytes: Buffer.from("new") }]).outputFile).toBe(file)
      expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["new", 0o600])
    })
  )

  it.scoped("The record of two outputs says when it could not be written, and leaves no part of it", () =>
    Effect.map(temporary, (folder) => {
      mkdirSync(path.join(folder, "it.txt"))
      const { outputFile, stdout } = recorded(folder, 4, [{ stream: "stdout", bytes: Buffer.from("0123456789") }])
      expect(outputFile).toBeNull()
      expect(stdout.text).toMatch(/^0\n… 6 bytes left out, and not kept: EISDIR.* …\n789$/)
    })
  )

  it.scoped("The record of two outputs can be thrown away", () =>
    Effect.map(temporary, (folder) => {
      const record = outputRecord({ memoryBytes: 0, folder, name: "it" })
      record.take("stdout", Buffer.from("x"))
      expect(existsSync(path.join(folder, "it.txt"))).toBe(true)
      record.discard()
      expect(existsSync(path.join(folder, "it.txt"))).toBe(false)
    })
  )
})

describe("the lines of two outputs", () => {
  const told = (blocks: ReadonlyArray<Block>) => {
    const lines: Record<OutputStream, Array<string>> = { stdout: [], stderr: [] }
    const feed = lineFeed(
      (name, line) => lines[name].push(line),
      (cause) => {
        throw cause
      }
    )
    for (const each of blocks) feed.take(each.stream, each.bytes)
    feed.end()
    return lines
  }
  /** The lines of all bytes at once. */
  const plain = (bytes: Buffer): ReadonlyArray<string> => {
    const lines: Array<string> = []
    let from = 0
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, from)) {
      lines.push(bytes.toString("utf8", from, at > from && bytes[at - 1] === 13 ? at - 1 : at))
      from = at + 1
    }
    return from < bytes.length ? [...lines, bytes.toString("utf8", from)] : lines
  }

  it("The lines of two outputs are the same, in whatever blocks the bytes come", () => {
    FastCheck.assert(
      FastCheck.property(blocksOf(FastCheck.oneof(anyBytes, lively)), (blocks) => {
        const lines = told(blocks)
        expect(lines.stdout).toEqual(plain(of(blocks, "stdout")))
        expect(lines.stderr).toEqual(plain(of(blocks, "stderr")))
      }),
      { numRuns: runs(300, 100) }
    )
  })

  it("The lines of two outputs come in pieces of whole characters, none empty, where they are long", () => {
    const length = FastCheck.integer({ min: linePiece - 5, max: 3 * linePiece })
    FastCheck.assert(
      FastCheck.property(FastCheck.constantFrom("a", "é", "€", "😀"), length, FastCheck.integer({ min: 1, max: 200_000 }), (character, bytes, size) => {
        const line = character.repeat(Math.ceil(bytes / Buffer.byteLength(character)))
        const all = Buffer.from(`${line}\nend`)
        const blocks = Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.subarray(index * size, (index + 1) * size))
        const pieces = told((size < 100 ? [all] : blocks).map((block) => ({ stream: "stdout", bytes: block }))).stdout
        expect(pieces.at(-1)).toBe("end")
        expect(pieces.slice(0, -1).join("") === line).toBe(true)
        expect(pieces.every((piece) => piece !== "" && Buffer.byteLength(piece) <= linePiece)).toBe(true)
        expect(pieces.length - 1).toBe(Math.ceil(Buffer.byteLength(line) / (linePiece - (linePiece % Buffer.byteLength(character)))))
      }),
      { numRuns: 30 }
    )
  })

  it.live("The lines of two outputs wait for a slow listener up to a bound, and the oldest are left out", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const feed = lineFeed(
        (_, line) => {
          // Longer than its share, so that all of the rest waits.
          if (lines.length === 0) for (const until = performance.now() + 50; performance.now() < until; );
          lines.push(line)
        },
        () => {}
      )
      const block = Buffer.from(`${"x".repeat(1023)}\n`.repeat(64))
      for (let bytes = 0; bytes < 4 * linesWaiting; bytes += block.length) feed.take("stdout", block)
      feed.take("stdout", Buffer.from("last"))
      yield* Effect.sleep(200)
      feed.end()
      const gaps = lines.flatMap((line) => /^… (\d+) bytes left out here …$/.exec(line)?.[1] ?? [])
      expect(gaps.length).toBe(1)
      expect(lines.at(-1)).toBe("last")
      const kept = lines.filter((line) => line.length === 1023).length
      expect(kept * 1024 + Number(gaps[0])).toBe(4 * linesWaiting)
      expect(kept * 1024).toBeGreaterThan(linesWaiting - 2 * block.length)
    })
  )

  it.live("The lines of two outputs are told no more when it is stopped, or when the listener threw", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const causes: Array<unknown> = []
      const feed = lineFeed(
        (_, line) => void lines.push(line),
        () => {}
      )
      feed.take("stdout", Buffer.from("one\ntw"))
      feed.stop()
      feed.take("stdout", Buffer.from("o\n"))
      feed.end()
      const thrower = lineFeed(
        (_, line) => {
          lines.push(line)
          throw new Error(line)
        },
        (cause) => causes.push(cause)
      )
      thrower.take("stderr", Buffer.from("two\nthree\nfour"))
      thrower.take("stderr", Buffer.from("five\n"))
      thrower.end()
      yield* Effect.sleep(50)
      expect(lines).toEqual(["one", "two"])
      expect(causes).toEqual([new Error("two")])
    })
  )
})
