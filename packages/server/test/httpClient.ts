import { randomBytes } from "node:crypto"
import * as Http from "node:http"
import * as Net from "node:net"

/** A client that sends what no browser would. */

export interface Answer {
  /** 0: none came. */
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly text: string
}

export interface Asked {
  readonly path?: string
  readonly method?: string
  readonly headers?: Http.OutgoingHttpHeaders
  readonly body?: string | Uint8Array
}

export const json = { "content-type": "application/json" }

/** One request on a connection of its own. */
export const ask = (port: number, { body, ...asked }: Asked): Promise<Answer> =>
  new Promise((resolve) => {
    const request = Http.request({ host: "127.0.0.1", port, agent: false, ...asked }, (answer) => {
      const chunks: Array<Buffer> = []
      answer.on("data", (chunk: Buffer) => chunks.push(chunk))
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString() }))
    })
    request.on("upgrade", ({ headers, statusCode }, socket) => {
      socket.destroy()
      resolve({ status: statusCode ?? 0, headers, text: "" })
    })
    request.on("error", (error) => resolve({ status: 0, headers: {}, text: error.message }))
    request.end(body)
  })

/** Headers of a WebSocket's handshake. */
export const upgrade = (headers: Http.OutgoingHttpHeaders = {}): Http.OutgoingHttpHeaders => ({
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": randomBytes(16).toString("base64"),
  "sec-websocket-protocol": "graphql-transport-ws",
  ...headers
})

export interface Wire {
  readonly socket: Net.Socket
  /** What came, as bytes of latin1. */
  readonly received: () => string
  readonly closed: Promise<void>
}

/** A connection that says `text` and then nothing. */
export const connection = (port: number, text = ""): Promise<Wire> =>
  new Promise((resolve, reject) => {
    let received = ""
    const socket = Net.connect(port, "127.0.0.1", () => {
      if (text !== "") socket.write(text)
      resolve({ socket, received: () => received, closed })
    })
    const closed = new Promise<void>((closed) => socket.once("close", () => closed()))
    socket.on("data", (chunk) => (received += chunk.toString("latin1")))
    socket.on("error", reject)
  })

export interface RawWebSocket {
  readonly socket: Net.Socket
  /** Text messages so far. */
  readonly messages: ReadonlyArray<string>
  readonly send: (text: string) => void
  /** A frame of any kind. */
  readonly frame: (opcode: number, payload: Uint8Array) => void
  /** The code of the server's close, 1006 when it just went. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** A WebSocket that can be read as slowly as one likes. */
export const webSocket = (port: number, headers: Http.OutgoingHttpHeaders = {}): Promise<RawWebSocket> =>
  new Promise((resolve, reject) => {
    const lines = Object.entries({ host: `127.0.0.1:${port}`, ...upgrade(headers) }).map(([name, value]) => `${name}: ${value}\r\n`)
    const socket = Net.connect(port, "127.0.0.1", () => socket.write(`GET /graphql HTTP/1.1\r\n${lines.join("")}\r\n`))
    let head = Buffer.alloc(0)
    const shake = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf("\r\n\r\n")
      if (end < 0) return
      socket.off("data", shake)
      if (head.toString("latin1", 9, 12) === "101") resolve(speaking(socket, head.subarray(end + 4)))
      else reject(new Error(`no WebSocket: ${head.toString("latin1")}`))
    }
    socket.on("data", shake)
    socket.on("error", reject)
    socket.once("close", () => reject(new Error("no WebSocket: the connection was closed")))
  })

const speaking = (socket: Net.Socket, head: Buffer): RawWebSocket => {
  const messages: Array<string> = []
  let code = 1006
  let reason = ""
  let pending: Array<Buffer> = [head]
  let size = head.length
  const take = () => {
    while (size >= 2) {
      const start = Buffer.concat(pending)
      pending = [start]
      const short = (start[1] ?? 0) & 0x7f
      const header = short < 126 ? 2 : short === 126 ? 4 : 10
      if (size < header) return
      const length = short < 126 ? short : short === 126 ? start.readUInt16BE(2) : Number(start.readBigUInt64BE(2))
      if (size < header + length) return
      const payload = start.subarray(header, header + length)
      pending = [start.subarray(header + length)]
      size -= header + length
      const opcode = (start[0] ?? 0) & 0x0f
      if (opcode === 1) messages.push(payload.toString("utf8"))
      if (opcode === 8) {
        code = payload.length < 2 ? 1005 : payload.readUInt16BE(0)
        reason = payload.subarray(2).toString("utf8")
        frame(8, payload.subarray(0, 2))
        socket.end()
      }
    }
  }
  const frame = (opcode: number, payload: Uint8Array) => {
    const mask = randomBytes(4)
    const length = Buffer.alloc(payload.length < 126 ? 2 : 10)
    length[0] = 0x80 | opcode
    length[1] = 0x80 | (payload.length < 126 ? payload.length : 127)
    if (payload.length >= 126) length.writeBigUInt64BE(BigInt(payload.length), 2)
    if (!socket.destroyed) socket.write(Buffer.concat([length, mask, Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)))]))
  }
  socket.on("data", (chunk: Buffer) => {
    pending.push(chunk)
    size += chunk.length
    // A message of many chunks is put together once in a while, not with each of them.
    if (pending.length < 64 || size < 1_000_000) take()
    else if (pending.length % 64 === 0) take()
  })
  const closed = new Promise<{ readonly code: number; readonly reason: string }>((resolve) => {
    socket.on("error", () => socket.destroy())
    socket.once("close", () => resolve({ code, reason }))
  })
  take()
  return { socket, messages, send: (text) => frame(1, Buffer.from(text)), frame, closed }
}

export const init = (token?: string): string => JSON.stringify({ type: "connection_init", ...(token === undefined ? {} : { payload: { token } }) })
export const subscribe = (id: string, query: string): string => JSON.stringify({ type: "subscribe", id, payload: { query } })
export const complete = (id: string): string => JSON.stringify({ type: "complete", id })

/** Waits for what has to come, for as long as a busy machine may take. */
export const until = async (what: string, done: () => boolean | Promise<boolean>): Promise<void> => {
  for (let attempt = 0; attempt < 2400; attempt++) {
    if (await done()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`never: ${what}`)
}
