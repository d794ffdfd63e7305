import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Stream from "node:stream"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/** Nothing can listen at the port: because somebody else does (`taken`), or because the system does not let it. */
export class PortUnusable extends Schema.TaggedError<PortUnusable>("han-server/PortUnusable")("PortUnusable", {
  port: Schema.Int,
  taken: Schema.Boolean,
  message: Schema.String
}) {}

export interface Options {
  /** 0: any free one. */
  readonly port: number
  /** The unix socket of the server that answers. */
  readonly socket: string
  /** Connections at the same time; see `mostConnections`. */
  readonly maxConnections: number
  /** Milliseconds that a connection may say nothing at its beginning. */
  readonly silenceMs?: number | undefined
}

export interface LoopbackListener {
  readonly port: number
  /** Connections that are open. */
  readonly connections: () => number
}

/** Milliseconds for the client to read what was sent last when a connection is over. */
const lingerMs = 5000
/** The same when the whole server ends. */
const lastWordsMs = 500

/**
 * The door of a server of Bun's own, at 127.0.0.1 and nowhere else. Bun takes every connection there is, until the process can open no more files; so somebody else has to
 * keep count. It passes bytes on from the first one that comes. When there is no room for a new connection, the oldest one goes that has said nothing; else the one that
 * has been quiet longest and is no WebSocket; and when all of them are WebSockets, the new one.
 */
export const listen = (options: Options): Effect.Effect<LoopbackListener, PortUnusable, Scope.Scope> =>
  Effect.gen(function* () {
    const doors = new Doors(options)
    const server = Net.createServer({ noDelay: true }, (client) => doors.open(client))
    yield* Effect.acquireRelease(
      Effect.async<void, PortUnusable>((resume) => {
        server.once("error", (error: NodeJS.ErrnoException) =>
          resume(
            Effect.fail(
              new PortUnusable({
                port: options.port,
                taken: error.code === "EADDRINUSE",
                message: `nothing can listen at the port ${options.port} of 127.0.0.1 (${error.message})`
              })
            )
          )
        )
        server.listen({ host: "127.0.0.1", port: options.port, backlog: 511 }, () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          doors.closeAll()
        })
    )
    server.on("error", () => {
      // A connection that was gone before it was taken.
    })
    const address = server.address()
    return { port: typeof address === "object" && address !== null ? address.port : options.port, connections: () => doors.size }
  })

/**
 * As many connections as leave most of the files that this process may open to others; each takes up to three. Only Linux says how many that is; elsewhere Bun has raised
 * it to thousands when it started.
 */
export const mostConnections = (): number => {
  const enough = 1000
  try {
    const limit = Number(/^Max open files\s+(\d+)/m.exec(Fs.readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Number.POSITIVE_INFINITY)
    return Math.max(20, Math.min(enough, Math.floor((limit - 100) / 6)))
  } catch {
    return enough
  }
}

class Doors {
  readonly #options: Options
  // In each the first is the one that is to go first. Silent are those that have said nothing, and those that have nothing more to be told.
  readonly #silent = new Set<Net.Socket>()
  readonly #talking = new Set<Net.Socket>()
  readonly #webSockets = new Set<Net.Socket>()

  constructor(options: Options) {
    this.#options = options
  }

  get size(): number {
    return this.#silent.size + this.#talking.size + this.#webSockets.size
  }

  /** The server behind has ended. What it said last is still on its way. */
  closeAll(): void {
    for (const client of this.#silent) client.destroy()
    setTimeout(() => {
      for (const client of [...this.#silent, ...this.#talking, ...this.#webSockets]) client.destroy()
    }, lastWordsMs).unref()
  }

  open(client: Net.Socket): void {
    client.on("error", () => client.destroy())
    if (this.size >= this.#options.maxConnections && !this.#makeRoom()) {
      client.destroy()
      return
    }
    this.#silent.add(client)
    client.once("close", () => {
      for (const some of [this.#silent, this.#talking, this.#webSockets]) some.delete(client)
    })
    client.setTimeout(this.#options.silenceMs ?? 10_000, () => client.destroy())
    client.once("data", (first) => {
      client.setTimeout(0)
      client.pause()
      this.#silent.delete(client)
      this.#talking.add(client)
      this.#connect(client, first)
    })
  }

  #makeRoom(): boolean {
    const [oldest] = this.#silent.size > 0 ? this.#silent : this.#talking
    if (oldest === undefined) return false
    // Its own event comes later.
    this.#silent.delete(oldest)
    this.#talking.delete(oldest)
    oldest.destroy()
    return true
  }

  #connect(client: Net.Socket, first: Buffer | string): void {
    const server = Net.createConnection({ path: this.#options.socket })
    const touch = () => {
      if (!this.#talking.delete(client)) return
      this.#talking.add(client)
    }
    server.once("data", (head) => {
      if (this.#talking.has(client) && head.toString("latin1", 0, 12) === "HTTP/1.1 101") {
        this.#talking.delete(client)
        this.#webSockets.add(client)
      }
    })
    server.on("data", touch)
    client.on("data", touch)
    server.on("error", () => server.destroy())
    client.once("close", () => server.destroy())
    server.once("close", () => {
      if (client.destroyed) return
      // It has nothing more to say: it goes before those that have.
      this.#talking.delete(client)
      this.#webSockets.delete(client)
      this.#silent.add(client)
      client.end()
      // Nobody listens any more; its end is to be seen all the same.
      client.resume()
      setTimeout(() => client.destroy(), lingerMs).unref()
    })
    server.write(first)
    // A turn later: what the server has said before it closed is read by then. Writing to a connection that is closed would lose it, and so the answer to a client
    // that still sends, such as one that is too slow.
    const later = new Stream.Transform({
      transform: (bytes, _encoding, done) => {
        setImmediate(() => (server.readableEnded || server.destroyed ? done() : done(null, bytes)))
      }
    })
    client.pipe(later).pipe(server)
    server.pipe(client)
  }
}
