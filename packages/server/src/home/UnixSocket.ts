import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Socket from "@effect/platform/Socket"
import { SocketServer, SocketServerError } from "@effect/platform/SocketServer"
import * as BunSocket from "@effect/platform-bun/BunSocket"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/** The socket's place is taken by something that han will not remove, or it cannot be made. */
export class SocketUnusable extends Schema.TaggedError<SocketUnusable>("han-server/SocketUnusable")("SocketUnusable", {
  path: Schema.String,
  message: Schema.String
}) {}

/** The connections of the socket server. */
export class Connections extends Context.Tag("han-server/Connections")<
  Connections,
  {
    /** Breaks off every connection, whatever is still to be written to it. */
    readonly hangUp: Effect.Effect<void>
  }
>() {}

/** Tells if a process accepts connections at this path. */
export const answers = (path: string): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const socket = Net.createConnection({ path })
    const done = (answer: boolean) => {
      socket.destroy()
      resume(Effect.succeed(answer))
    }
    socket.once("connect", () => done(true))
    socket.on("error", () => done(false))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutTo({ duration: 1000, onSuccess: (answer) => answer, onTimeout: () => false }))

/**
 * Listens at `path`, for its owner alone. Only for the holder of the lock: what a killed process left there is removed, after nobody was found to answer.
 * The file is removed when the scope closes.
 */
export const layer = (options: { readonly path: string }): Layer.Layer<SocketServer | Connections, SocketUnusable> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const { path } = options
      yield* clear(path)
      const waiting: Array<Net.Socket> = []
      const open = new Set<Net.Socket>()
      const failed = yield* Deferred.make<never, SocketServerError>()
      let accept = (connection: Net.Socket): void => {
        waiting.push(connection)
      }
      const server = Net.createServer((connection) => {
        open.add(connection)
        connection.on("close", () => open.delete(connection))
        // Without a listener an error of a connection would end the process; what it means is said to the reader of the connection.
        connection.on("error", () => open.delete(connection))
        accept(connection)
      })
      const hangUp = Effect.sync(() => {
        for (const connection of open) connection.destroy()
      })

      yield* listening(server, path, hangUp)
      server.on("error", (cause) => Deferred.unsafeDone(failed, Effect.fail(new SocketServerError({ reason: "Unknown", cause }))))

      return Context.make(Connections, { hangUp }).pipe(
        Context.add(
          SocketServer,
          SocketServer.of({
            address: { _tag: "UnixAddress", path },
            run: <R, E, A>(handle: (socket: Socket.Socket) => Effect.Effect<A, E, R>) =>
              Effect.scoped(
                Effect.gen(function* () {
                  const fibers = yield* FiberSet.make<unknown, unknown>()
                  const fork = yield* FiberSet.runtime(fibers)<R>()
                  const serve = (connection: Net.Socket) => {
                    fork(
                      BunSocket.fromDuplex(opened(connection)).pipe(
                        Effect.flatMap(handle),
                        Effect.catchAllCause((cause) => Effect.logDebug("a connection ended in an error", cause))
                      )
                    )
                  }
                  const before = accept
                  yield* Effect.acquireRelease(
                    Effect.sync(() => {
                      accept = serve
                      waiting.splice(0).forEach(serve)
                    }),
                    () =>
                      Effect.sync(() => {
                        accept = before
                      })
                  )
                  return yield* Deferred.await(failed)
                })
              )
          })
        )
      )
    })
  )

/** Listens until the scope closes, and removes the file then. */
const listening = (server: Net.Server, path: string, hangUp: Effect.Effect<void>) =>
  Effect.zipRight(
    Effect.acquireRelease(
      Effect.async<void, SocketUnusable>((resume) => {
        const umask = process.umask(0o077)
        server.once("error", (error) => resume(Effect.fail(new SocketUnusable({ path, message: `cannot listen at ${path} (${error.message})` }))))
        server.listen({ path }, () => resume(Effect.void))
        process.umask(umask)
      }),
      () =>
        Effect.zipRight(
          Effect.zipRight(
            Effect.sync(() => Fs.rmSync(path, { force: true })),
            hangUp
          ),
          Effect.async<void>((resume) => {
            server.close(() => resume(Effect.void))
          })
        )
    ),
    Effect.try({
      try: () => Fs.chmodSync(path, 0o600),
      catch: (cause) =>
        new SocketUnusable({ path, message: `${path} cannot be closed to other users (${cause instanceof Error ? cause.message : String(cause)})` })
    })
  )

const opened = (connection: Net.Socket) =>
  Effect.acquireRelease(
    Effect.suspend(() => (connection.destroyed ? Effect.fail(new Socket.SocketCloseError({ reason: "Close", code: 1000 })) : Effect.succeed(connection))),
    () =>
      Effect.sync(() => {
        if (!connection.destroyed) connection.destroySoon()
      })
  )

const clear = (path: string) =>
  Effect.gen(function* () {
    const found = Fs.lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined) return
    if (!found.isSocket()) return yield* new SocketUnusable({ path, message: `${path} is in the way and is no socket; move it away, then start again` })
    if (yield* answers(path))
      return yield* new SocketUnusable({ path, message: `a process that does not hold the lock answers at ${path}; end it, then start again` })
    yield* Effect.try({
      try: () => Fs.unlinkSync(path),
      catch: (cause) =>
        new SocketUnusable({ path, message: `the left-over socket ${path} cannot be removed (${cause instanceof Error ? cause.message : String(cause)})` })
    })
  })
