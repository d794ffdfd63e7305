/** Counts the last bytes, before `end`, that begin a character of UTF-8 that ends after them; 0 where they begin none. At most 3. */
export const unfinished = (bytes: Uint8Array, end: number): number => {
  for (let back = 1; back <= Math.min(3, end); back++) {
    const byte = bytes[end - back] ?? 0
    if (isContinuation(byte)) continue
    const length = byte >= 0xf0 && byte < 0xf8 ? 4 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xc0 && byte < 0xe0 ? 2 : 1
    return length > back ? back : 0
  }
  return 0
}

/** Counts the first bytes that belong to a character of UTF-8 that began before them. At most 3. */
export const begunBefore = (bytes: Uint8Array): number => {
  const other = bytes.subarray(0, 3).findIndex((byte) => !isContinuation(byte))
  return other === -1 ? Math.min(3, bytes.length) : other
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80
