import { Buffer } from "node:buffer"
import { unfinished } from "../../text/utf8Border.ts"
import type { OutputStream } from "./hookOutput.ts"

/** Bytes of the longest piece of a line. */
export const linePiece = 65_536
/** Bytes that wait for their listener at most. */
export const linesWaiting = 1 << 20

/**
 * Tells a listener the lines of both outputs, each without its end (`\n`, `\r\n`). The listener may be slow: it gets about half of the time, and what waits for it
 * beyond `linesWaiting` is left out, the oldest first, with a line in its place that says so. Before the end nothing is left out of less than that.
 */
export interface LineFeed {
  readonly take: (stream: OutputStream, block: Uint8Array) => void
  /** Tells what is waiting, the unfinished last lines too. What a slow listener does not get within a second is left out. */
  readonly end: () => void
  /** Tells nothing any more. */
  readonly stop: () => void
}

/** `failed` gets what the listener threw; it is told nothing more then. */
export const lineFeed = (onLine: (stream: OutputStream, line: string) => void, failed: (cause: unknown) => void): LineFeed => new SlicedFeed(onLine, failed)

class SlicedFeed implements LineFeed {
  private readonly failed: (cause: unknown) => void
  private readonly lines: Readonly<Record<OutputStream, LineCutter>>
  private readonly waiting: Array<Waiting> = []
  private bytes = 0
  private timer: NodeJS.Timeout | null = null
  private stopped = false

  constructor(onLine: (stream: OutputStream, line: string) => void, failed: (cause: unknown) => void) {
    this.failed = failed
    this.lines = {
      stdout: new LineCutter((line) => onLine("stdout", line)),
      stderr: new LineCutter((line) => onLine("stderr", line))
    }
  }

  take(stream: OutputStream, block: Uint8Array): void {
    if (this.stopped) return
    const last = this.waiting.at(-1)
    // What waits must not keep a larger block of the reader's alive, nor be many small ones.
    if (last !== undefined && last.stream === stream && last.block.length < linePiece) {
      last.block = Buffer.concat([last.block.subarray(last.from), block])
      last.from = 0
    } else {
      const own = this.timer === null ? Buffer.from(block.buffer, block.byteOffset, block.length) : Buffer.from(block)
      this.waiting.push({ stream, block: own, from: 0 })
    }
    this.bytes += block.length
    if (this.timer === null) this.next()
    this.leaveOut(linesWaiting)
  }

  end(): void {
    this.guarded(() => {
      this.tell(lastMs)
      if (this.stopped) return
      this.leaveOut(0)
      this.lines.stdout.end()
      this.lines.stderr.end()
    })
    this.stop()
  }

  stop(): void {
    this.stopped = true
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    this.waiting.length = 0
  }

  private next(): void {
    this.timer = null
    const begin = performance.now()
    this.guarded(() => this.tell(sliceMs))
    if (this.waiting.length > 0) this.timer = setTimeout(() => this.next(), performance.now() - begin)
  }

  private tell(limitMs: number): void {
    const until = performance.now() + limitMs
    for (let first = this.waiting[0]; first !== undefined && !this.stopped; first = this.waiting[0]) {
      const from = first.from
      first.from = lineEnd(first.block, from)
      this.bytes -= first.from - from
      if (first.from === first.block.length) this.waiting.shift()
      this.lines[first.stream].take(first.block.subarray(from, first.from))
      if (performance.now() >= until) return
    }
  }

  private leaveOut(most: number): void {
    for (let first = this.waiting[0]; first !== undefined && this.bytes > most; first = this.waiting[0]) {
      this.waiting.shift()
      const left = first.block.length - first.from
      this.bytes -= left
      this.lines[first.stream].leftOut += left
    }
  }

  private guarded(act: () => void): void {
    try {
      act()
    } catch (cause) {
      this.stop()
      this.failed(cause)
    }
  }
}

interface Waiting {
  readonly stream: OutputStream
  block: Buffer
  from: number
}

const sliceMs = 4
const lastMs = 1000
// Less than a piece, so that what is left of one part after a piece fits into the next.
const partBytes = linePiece / 4
const newline = 10
const carriageReturn = 13

/** Finds the end of the line that begins at `from` in this block, or of its next part. */
const lineEnd = (block: Buffer, from: number): number => {
  const at = block.subarray(from, from + partBytes).indexOf(newline)
  return at === -1 ? Math.min(block.length, from + partBytes) : from + at + 1
}

/** Puts the lines of one output together. A line never shares a character of UTF-8 with the next, so each can be decoded by itself. */
class LineCutter {
  /** Bytes that will never come; the next line says so. */
  leftOut = 0
  private readonly onLine: (line: string) => void
  private memory: Buffer = Buffer.alloc(256)
  private length = 0

  constructor(onLine: (line: string) => void) {
    this.onLine = onLine
  }

  /** At most one line, or a part of one. */
  take(part: Buffer): void {
    this.sayLeftOut()
    const ends = part.at(-1) === newline
    const bytes = ends ? part.subarray(0, -1) : part
    if (this.length + bytes.length > linePiece) this.fill(bytes)
    else this.append(bytes)
    if (ends) this.emit(this.length > 0 && this.memory[this.length - 1] === carriageReturn ? this.length - 1 : this.length)
  }

  end(): void {
    this.sayLeftOut()
    if (this.length > 0) this.emit(this.length)
  }

  private sayLeftOut(): void {
    if (this.leftOut === 0) return
    const bytes = this.leftOut
    this.leftOut = 0
    if (this.length > 0) this.emit(this.length)
    this.onLine(`… ${bytes} bytes left out here …`)
  }

  /** Emits a piece, and keeps the rest of `bytes` for the next. */
  private fill(bytes: Buffer): void {
    const fitting = linePiece - this.length
    this.append(bytes.subarray(0, fitting))
    const begun = unfinished(this.memory, this.length)
    const rest = Buffer.concat([this.memory.subarray(this.length - begun, this.length), bytes.subarray(fitting)])
    this.emit(this.length - begun)
    this.append(rest)
  }

  private append(bytes: Uint8Array): void {
    const needed = this.length + bytes.length
    if (needed > this.memory.length) {
      const larger = Buffer.alloc(Math.max(needed, Math.min(2 * this.memory.length, linePiece)))
      larger.set(this.memory.subarray(0, this.length))
      this.memory = larger
    }
    this.memory.set(bytes, this.length)
    this.length = needed
  }

  private emit(length: number): void {
    const line = this.memory.toString("utf8", 0, length)
    this.length = 0
    this.onLine(line)
  }
}
