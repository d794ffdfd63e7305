import { Buffer } from "node:buffer"
import { closeSync, constants, fchmodSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs"
import * as path from "node:path"
import { begunBefore, unfinished } from "../../text/utf8Border.ts"
import type { HookOutput } from "../HookOutcome.ts"

export type OutputStream = "stdout" | "stderr"

/** What both outputs came to. */
export interface RecordedOutput {
  readonly stdout: HookOutput
  readonly stderr: HookOutput
  /**
   * Where all bytes of both are, in the order in which they came, or of very many the first, with a line that says so. Null when memory has them all, or when
   * they could not be written.
   */
  readonly outputFile: string | null
}

export interface OutputRecordOptions {
  /** Of each output: a quarter of it for the first bytes, the rest for the last. */
  readonly memoryBytes: number
  readonly folder: string
  readonly name: string
  /** Of both together in the file; 1 GB when absent. */
  readonly fileBytes?: number
}

const standardFileBytes = 1_000_000_000

/** Takes both outputs of a command as they come. Writes to its file at once, so that what waits to be written is never more than one block. */
export interface OutputRecord {
  readonly take: (stream: OutputStream, block: Uint8Array) => void
  /** Closes the file. Nothing is taken afterwards. */
  readonly end: () => RecordedOutput
  /** Closes the file and removes it. */
  readonly discard: () => void
}

export const outputRecord = ({ fileBytes = standardFileBytes, folder, memoryBytes, name }: OutputRecordOptions): OutputRecord => {
  const most = Math.max(0, Math.floor(memoryBytes))
  const kept = { stdout: new HeadAndTail(most), stderr: new HeadAndTail(most) }
  const file = path.join(folder, `${name}.txt`)
  // Whose bytes came when, until there is a file: the lengths of what came from stdout and from stderr in turn.
  let turns: Array<number> = [0]
  let descriptor: number | null = null
  /** For what the file may still take; null when something was left out. */
  let room: number | null = fileBytes
  let trouble: string | null = null

  const attempt = (write: () => void): void => {
    if (trouble !== null) return
    try {
      write()
    } catch (cause) {
      trouble = messageOf(cause)
      try {
        discard()
      } catch (second) {
        trouble += `; ${messageOf(second)}`
      }
    }
  }

  const note = (stream: OutputStream, length: number): void => {
    const ours = turns.length % 2 === (stream === "stdout" ? 1 : 0)
    if (ours) turns[turns.length - 1] = (turns.at(-1) ?? 0) + length
    else turns.push(length)
  }

  const writeWithin = (open: number, bytes: Uint8Array): void => {
    if (room === null) return
    writeAll(open, bytes.subarray(0, room))
    room = bytes.length > room ? null : room - bytes.length
    if (room === null) writeAll(open, Buffer.from(`\n… what came after the first ${fileBytes} bytes of both outputs is left out …\n`))
  }

  const openFile = (): number => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const made = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600)
    descriptor = made
    fchmodSync(made, 0o600)
    const [stdout, stderr] = [kept.stdout.all(), kept.stderr.all()]
    const from = [0, 0]
    for (const [turn, length] of turns.entries()) {
      const start = from[turn % 2] ?? 0
      from[turn % 2] = start + length
      writeWithin(made, (turn % 2 === 0 ? stdout : stderr).subarray(start, start + length))
    }
    turns = []
    return made
  }

  const close = (): void => {
    const open = descriptor
    descriptor = null
    if (open !== null) closeSync(open)
  }
  const discard = (): void => {
    if (descriptor === null) return
    close()
    rmSync(file, { force: true })
  }

  return {
    take: (stream, block) => {
      const output = kept[stream]
      if (descriptor !== null || output.bytes + block.length > most) attempt(() => writeWithin(descriptor ?? openFile(), block))
      else note(stream, block.length)
      output.push(block)
    },
    end: () => {
      const opened = descriptor !== null
      attempt(close)
      const written = opened && trouble === null
      const where = written ? `${room === null ? `the first ${fileBytes} of both outputs` : "all of it"} in ${file}` : `and not kept: ${trouble}`
      return { stdout: kept.stdout.output(where), stderr: kept.stderr.output(where), outputFile: written ? file : null }
    },
    discard
  }
}

/** The first and the last bytes of an output, in memory that grows up to `most` as it is needed. */
class HeadAndTail {
  bytes = 0
  private memory: Buffer = Buffer.alloc(0)
  /** Where the oldest byte of the tail is, from its begin: what comes when memory is full goes round in it. */
  private oldest = 0
  private readonly most: number
  private readonly headBytes: number

  constructor(most: number) {
    this.most = most
    this.headBytes = Math.floor(most / 4)
  }

  push(block: Uint8Array): void {
    const room = Math.max(0, this.most - this.bytes)
    if (room > 0) this.append(block.subarray(0, room))
    if (block.length > room) this.goRound(block.subarray(room))
    this.bytes += block.length
  }

  /** As long as nothing is left out. */
  all(): Uint8Array {
    return this.memory.subarray(0, this.bytes)
  }

  output(where: string): HookOutput {
    if (this.bytes <= this.most) return { text: this.memory.toString("utf8", 0, this.bytes), bytes: this.bytes, cut: false }
    const head = this.memory.subarray(0, this.headBytes - unfinished(this.memory, this.headBytes))
    const ring = this.memory.subarray(this.headBytes)
    const whole = Buffer.concat([ring.subarray(this.oldest), ring.subarray(0, this.oldest)])
    const tail = whole.subarray(begunBefore(whole))
    const notice = `… ${this.bytes - head.length - tail.length} bytes left out, ${where} …\n`
    const text = head.toString("utf8")
    return { text: `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${notice}${tail.toString("utf8")}`, bytes: this.bytes, cut: true }
  }

  private append(block: Uint8Array): void {
    const needed = this.bytes + block.length
    if (needed > this.memory.length) {
      const larger = Buffer.alloc(Math.min(this.most, Math.max(needed, 2 * this.memory.length)))
      larger.set(this.memory.subarray(0, this.bytes))
      this.memory = larger
    }
    this.memory.set(block, this.bytes)
  }

  private goRound(block: Uint8Array): void {
    const ring = this.memory.subarray(this.headBytes)
    if (ring.length === 0) return
    const last = block.subarray(Math.max(0, block.length - ring.length))
    const untilEnd = last.subarray(0, ring.length - this.oldest)
    ring.set(untilEnd, this.oldest)
    ring.set(last.subarray(untilEnd.length), 0)
    this.oldest = (this.oldest + last.length) % ring.length
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const writeAll = (descriptor: number, bytes: Uint8Array): void => {
  for (let from = 0; from < bytes.length; ) from += writeSync(descriptor, bytes, from)
}
