import { createServer } from "node:net"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as ApiKey from "han-core/ApiKey"
import { assert } from "vitest"
import { id, place, started, write } from "../coordinators.ts"

/** A proxy of loopback that opens no tunnel, and tells the first line of what it was asked. */
const proxy = Effect.acquireRelease(
  Effect.async<{ readonly url: string; readonly asked: Array<string>; readonly close: () => void }>((resume) => {
    const asked: Array<string> = []
    const server = createServer((socket) => {
      socket.on("error", () => {})
      socket.once("data", (data) => {
        asked.push(data.toString("latin1").split("\r\n", 1)[0] ?? "")
        socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n")
      })
    }).listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, asked, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const endpoint = "https://han.test.invalid"

describe("a coordinator behind a proxy", () => {
  it.scopedLive(
    "It asks the proxy of the environment for a tunnel to the server, but for hosts in NO_PROXY",
    () =>
      Effect.gen(function* () {
        const { asked, url } = yield* proxy
        const { text } = yield* ApiKey.make
        const environment = { HAN_SYNC_ENDPOINT: endpoint, HAN_SYNC_API_KEY: Redacted.value(text), HTTPS_PROXY: url }
        for (const [more, wanted] of [
          [{ NO_PROXY: "han.test.invalid" }, []],
          [{}, ["CONNECT han.test.invalid:443 HTTP/1.1"]]
        ] as const) {
          asked.splice(0)
          const at = yield* place
          write(at, id(1), ["hello"])
          const { han } = yield* started(at, { environment: { ...environment, ...more } })
          const code = yield* Effect.promise(() =>
            han.syncClient.sync({}).then(
              () => "sent",
              (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error))
            )
          )
          assert.deepStrictEqual([code, [...new Set(asked)]], ["network", wanted])
        }
      }),
    60_000
  )
})
