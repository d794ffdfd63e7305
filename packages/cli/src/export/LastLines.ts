import { readSync } from "node:fs"

const step = 64 * 1024

/** The last `lines` lines of the first `size` bytes of a file, read from its end. */
export const lastLines = (file: number, size: number, lines: number): Uint8Array => {
  if (lines === 0) return new Uint8Array()
  const parts: Array<Uint8Array> = []
  let newlines = 0
  for (let end = size; end > 0; end -= step) {
    const begin = Math.max(0, end - step)
    const part = Buffer.alloc(end - begin)
    readSync(file, part, 0, part.length, begin)
    for (let at = part.length - 1; at >= 0; at--) {
      if (part[at] !== 10 || begin + at === size - 1) continue
      newlines++
      if (newlines === lines) return Buffer.concat([part.subarray(at + 1), ...parts])
    }
    parts.unshift(part)
  }
  return Buffer.concat(parts)
}
