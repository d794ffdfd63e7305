/** Writes and reads the messages of RPC as lines of JSON. */

import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import * as Layer from "effect/Layer"

/**
 * Newline-delimited JSON, one message a line. `RpcSerialization.ndjson` decodes each read by itself, which breaks a character that two reads share,
 * and scans a long line again with every read; this one does neither.
 */
export const ndjson = RpcSerialization.RpcSerialization.of({
  contentType: "application/ndjson",
  includesFraming: true,
  unsafeMake: () => {
    const decoder = new TextDecoder()
    let unfinished: Array<string> = []
    return {
      decode: (bytes) => {
        const text = typeof bytes === "string" ? bytes : decoder.decode(bytes, { stream: true })
        const messages: Array<unknown> = []
        let start = 0
        for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
          const line = text.slice(start, end)
          start = end + 1
          if (unfinished.length === 0) messages.push(JSON.parse(line))
          else {
            unfinished.push(line)
            const whole = unfinished.join("")
            unfinished = []
            messages.push(JSON.parse(whole))
          }
        }
        if (start < text.length) unfinished.push(start === 0 ? text : text.slice(start))
        return messages
      },
      encode: (message) => {
        if (!Array.isArray(message)) return `${JSON.stringify(message)}\n`
        return message.length === 0 ? undefined : message.map((one) => `${JSON.stringify(one)}\n`).join("")
      }
    }
  }
})

export const layerNdjson = Layer.succeed(RpcSerialization.RpcSerialization, ndjson)
