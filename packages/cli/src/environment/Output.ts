import { write as writeFile } from "node:fs"

/** The reader has gone away, as in `han sessions | head -1`. Nobody needs to be told. */
export class OutputClosed extends Error {
  readonly _tag = "OutputClosed"
}

/** Fulfils its promise when the system has taken what was written, so that the process may end. */
export interface Output {
  readonly write: (chunk: string | Uint8Array) => Promise<void>
}

const encoder = new TextEncoder()

/** Not the runtime's stream: that one may still hold data when the process ends. Writes come out in the order of their calls. */
export const toDescriptor = (descriptor: number): Output => {
  let last: Promise<void> = Promise.resolve()
  return {
    write: (chunk) => {
      const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk
      last = last.then(() => writeAll(descriptor, bytes))
      return last
    }
  }
}

const writeAll = async (descriptor: number, bytes: Uint8Array): Promise<void> => {
  for (let offset = 0; offset < bytes.length; ) offset += await writeSome(descriptor, bytes, offset)
}

const writeSome = (descriptor: number, bytes: Uint8Array, offset: number): Promise<number> =>
  new Promise((resolve, reject) =>
    writeFile(descriptor, bytes, offset, bytes.length - offset, null, (error, written) => {
      if (error === null) resolve(written)
      // A pipe that somebody else made non-blocking is full: try again when its reader has had time.
      else if (error.code === "EAGAIN") setTimeout(() => resolve(0), 5)
      else reject(error.code === "EPIPE" || error.code === "EIO" ? new OutputClosed("the reader has closed the output", { cause: error }) : error)
    })
  )
