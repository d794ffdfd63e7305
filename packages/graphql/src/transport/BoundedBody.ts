/** The reason why a body was not read to its end. */
export type Unread = "too-large" | "too-slow" | "broken"

/**
 * The bytes of a body, no more than `maxBytes` of which are ever held. One that is announced as larger is not looked at. It must be there within `timeoutMs`; the rest of
 * a body that is refused is left unread.
 */
export const read = async (request: Request, options: { readonly maxBytes: number; readonly timeoutMs: number }): Promise<Uint8Array | Unread> => {
  const announced = request.headers.get("content-length")
  if (announced !== null && Number(announced) > options.maxBytes) return "too-large"
  if (request.body === null) return new Uint8Array()
  const reader = request.body.getReader()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<"too-slow">((resolve) => {
    timer = setTimeout(() => resolve("too-slow"), options.timeoutMs)
  })
  const result = await Promise.race([whole(reader, options.maxBytes), late])
  clearTimeout(timer)
  // Whoever sends may have gone; there is nothing left to do for it.
  if (typeof result === "string") reader.cancel().catch(() => {})
  return result
}

const whole = async (reader: ReadableStreamDefaultReader<Uint8Array>, maxBytes: number): Promise<Uint8Array | Unread> => {
  const pieces: Array<Uint8Array> = []
  let size = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length
      if (size > maxBytes) return "too-large"
      pieces.push(next.value)
    }
  } catch {
    return "broken"
  }
  const body = new Uint8Array(size)
  let offset = 0
  for (const piece of pieces) {
    body.set(piece, offset)
    offset += piece.length
  }
  return body
}
