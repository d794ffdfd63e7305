import { Buffer } from "node:buffer"
import { closeSync, constants, fchmodSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs"
import * as path from "node:path"
import { begunBefore, unfinished } from "../../text/utf8Border.ts"
import type { HookOutput } from "../HookOutcome.ts"

export type OutputStream = "stdout" | "stderr"

/** Both outputs, as far as memory keeps them. */
export interface RecordedOutput {
  readonly stdout: HookOutput
  readonly stderr: HookOutput
  /**
   * The file with all bytes of both, in the order in which they came, or of very many the first, with a line that says so. Null when memory has them all, or when
   * they could not be written.
   */
  readonly outputFile: string | null
}

export interface OutputRecordOptions {
  /** Bytes kept in memory of stdout, and as many of stderr: a quarter for the first bytes, the rest for the last. */
  readonly memoryBytes: number
  readonly folder: string
  readonly name: string
  /** Bytes of both together in the file; 1 GB when absent. */
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

export const outputRecord = (options: OutputRecordOptions): OutputRecord => new FiledOutput(options)

class FiledOutput implements OutputRecord {
  private readonly folder: string
  private readonly file: string
  private readonly fileBytes: number
  private readonly memoryBytes: number
  private readonly kept: Readonly<Record<OutputStream, HeadAndTail>>
  /** Whose bytes came when, until there is a file: the lengths of what came from stdout and from stderr in turn. */
  private turns: Array<number> = [0]
  private descriptor: number | null = null
  /** Bytes that the file may still take; null when something was left out. */
  private room: number | null
  private trouble: string | null = null

  constructor({ fileBytes = standardFileBytes, folder, memoryBytes, name }: OutputRecordOptions) {
    this.folder = folder
    this.file = path.join(folder, `${name}.txt`)
    this.fileBytes = fileBytes
    this.room = fileBytes
    this.memoryBytes = Math.max(0, Math.floor(memoryBytes))
    this.kept = { stdout: new HeadAndTail(this.memoryBytes), stderr: new HeadAndTail(this.memoryBytes) }
  }

  take(stream: OutputStream, block: Uint8Array): void {
    const output = this.kept[stream]
    const isFiled = this.descriptor !== null || output.bytes + block.length > this.memoryBytes
    if (isFiled) this.attempt(() => this.write(this.descriptor ?? this.openFile(), block))
    else this.note(stream, block.length)
    output.push(block)
  }

  end(): RecordedOutput {
    const opened = this.descriptor !== null
    this.attempt(() => this.close())
    const written = opened && this.trouble === null
    const all = this.room === null ? `the first ${this.fileBytes} of both outputs` : "all of it"
    const where = written ? `${all} in ${this.file}` : `and not kept: ${this.trouble}`
    return { stdout: this.kept.stdout.output(where), stderr: this.kept.stderr.output(where), outputFile: written ? this.file : null }
  }

  discard(): void {
    if (this.descriptor === null) return
    this.close()
    rmSync(this.file, { force: true })
  }

  private attempt(write: () => void): void {
    if (this.trouble !== null) return
    try {
      write()
    } catch (cause) {
      this.trouble = messageOf(cause)
      try {
        this.discard()
      } catch (second) {
        this.trouble += `; ${messageOf(second)}`
      }
    }
  }

  private note(stream: OutputStream, length: number): void {
    const ours = this.turns.length % 2 === (stream === "stdout" ? 1 : 0)
    if (ours) this.turns[this.turns.length - 1] = (this.turns.at(-1) ?? 0) + length
    else this.turns.push(length)
  }

  private write(open: number, bytes: Uint8Array): void {
    if (this.room === null) return
    writeAll(open, bytes.subarray(0, this.room))
    this.room = bytes.length > this.room ? null : this.room - bytes.length
    if (this.room === null) writeAll(open, Buffer.from(`\n… what came after the first ${this.fileBytes} bytes of both outputs is left out …\n`))
  }

  private openFile(): number {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    const made = openSync(this.file, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600)
    this.descriptor = made
    fchmodSync(made, 0o600)
    const outputs = [this.kept.stdout.all(), this.kept.stderr.all()] as const
    const from: [number, number] = [0, 0]
    for (const [turn, length] of this.turns.entries()) {
      const which = turn % 2 === 0 ? 0 : 1
      const start = from[which]
      from[which] = start + length
      this.write(made, outputs[which].subarray(start, start + length))
    }
    this.turns = []
    return made
  }

  private close(): void {
    const open = this.descriptor
    this.descriptor = null
    if (open !== null) closeSync(open)
  }
}

/** The first and the last bytes of an output, in memory that grows up to `most` as it is needed. */
class HeadAndTail {
  bytes = 0
  private memory: Buffer = Buffer.alloc(0)
  /** The place of the oldest byte in the tail, a ring buffer once memory is full. */
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
