import * as Net from "node:net"
import * as Effect from "effect/Effect"

/**
 * What happens to a request on its way: `through` · `lost`: nobody hears of it · `cut`: half of its body arrives · `answer lost`, `answer cut`: it arrives, and the answer, or half of it,
 * does not · `twice`: it arrives two times · `held`: it is lost, and arrives when the test says so.
 */
export type Fate = "through" | "lost" | "cut" | "answer lost" | "answer cut" | "twice" | "held"

/** Moments of a request: its first bytes came · all of it came · the server has answered it, which nobody has heard · the answer is told. */
export type Moment = "begun" | "arrived" | "answered" | "told"

interface Options {
  /** Asked once for each request, which are counted from 0. */
  readonly fate?: (request: number) => Fate
  readonly at?: (moment: Moment, request: number) => void
}

/** A proxy on loopback that breaks connections. One request goes over each. */
export const faultyProxy = (target: string, { at = () => undefined, fate = () => "through" }: Options = {}) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const upstream = new URL(target)
      const sockets = new Set<Net.Socket>()
      const held: Array<Buffer> = []
      const seen = { requests: 0, open: 0, mostOpen: 0 }
      const ask = (bytes: Buffer) => answerTo(upstream, bytes, sockets)
      const take = async (socket: Net.Socket, first: Buffer) => {
        const request = seen.requests++
        seen.mostOpen = Math.max(seen.mostOpen, ++seen.open)
        socket.once("close", () => seen.open--)
        at("begun", request)
        const bytes = await whole(socket, first)
        if (bytes === undefined) return
        at("arrived", request)
        const what = fate(request)
        if (what === "held") held.push(bytes)
        if (what === "lost" || what === "held") return socket.destroy()
        if (what === "cut") {
          const body = bytes.indexOf("\r\n\r\n") + 4
          await ask(bytes.subarray(0, body + Math.floor((bytes.length - body) / 2)))
          return socket.destroy()
        }
        if (what === "twice") await ask(bytes)
        const answer = await ask(bytes)
        at("answered", request)
        if (what === "answer lost") return socket.destroy()
        if (what === "answer cut") return socket.write(answer.subarray(0, answer.length / 2), () => socket.destroy())
        return socket.end(answer, () => at("told", request))
      }
      const server = Net.createServer((socket) => {
        sockets.add(socket)
        socket.once("close", () => sockets.delete(socket))
        socket.on("error", () => socket.destroy())
        socket.once("data", (first: Buffer) => void take(socket, first))
      })
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      const address = server.address()
      if (address === null || typeof address === "string") throw new Error("the proxy has no port")
      return {
        url: `http://127.0.0.1:${address.port}`,
        seen,
        /** Lets requests that were held arrive. */
        release: Effect.promise(async () => {
          for (const bytes of held.splice(0)) await ask(bytes)
        }),
        close: () =>
          new Promise<void>((resolve) => {
            for (const socket of sockets) socket.destroy()
            server.close(() => resolve())
          })
      }
    }),
    ({ close }) => Effect.promise(close)
  )

/** A request with its body, sent on without the wish to keep the connection; undefined when the client goes away before. */
const whole = (socket: Net.Socket, first: Buffer): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    let bytes = first
    const look = () => {
      const end = bytes.indexOf("\r\n\r\n")
      if (end < 0) return
      const head = bytes.toString("latin1", 0, end)
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
      if (bytes.length < end + 4 + length) return
      const closing = `${head.replace(/\r\nconnection:[^\r]*/i, "")}\r\nconnection: close\r\n\r\n`
      resolve(Buffer.concat([Buffer.from(closing, "latin1"), bytes.subarray(end + 4)]))
    }
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      look()
    })
    socket.once("close", () => resolve(undefined))
    look()
  })

/** All that the server says to these bytes until it ends the connection; at half of a request this end ends it. */
const answerTo = ({ hostname, port }: URL, bytes: Buffer, sockets: Set<Net.Socket>): Promise<Buffer> =>
  new Promise((resolve) => {
    const chunks: Array<Buffer> = []
    const socket = Net.connect(Number(port), hostname)
    sockets.add(socket)
    const end = bytes.indexOf("\r\n\r\n")
    const isWhole = bytes.length - end - 4 >= Number(/^content-length: *(\d+)/im.exec(bytes.toString("latin1", 0, end))?.[1] ?? 0)
    socket.write(bytes, () => {
      if (!isWhole) socket.destroy()
    })
    socket.on("data", (chunk: Buffer) => chunks.push(chunk))
    socket.on("error", () => socket.destroy())
    socket.once("close", () => {
      sockets.delete(socket)
      resolve(Buffer.concat(chunks))
    })
  })
