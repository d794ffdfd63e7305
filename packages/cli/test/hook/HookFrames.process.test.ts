import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as RpcServer from "@effect/rpc/RpcServer"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { HookAnswer } from "han-core/HookAnswer"
import { HookCall, HookCallInvalid } from "han-core/HookCall"
import { HookRunner } from "han-core/HookRunner"
import { HookProjectInvalid } from "han-core/Hooks"
import { StoreError } from "han-core/StoreError"
import * as Authentication from "han-rpc/Authentication"
import { contract, handlersOf } from "han-rpc/unstable/Contract"
import { HookRunnerRpcs } from "han-rpc/unstable/HookRunnerRpcs"
import * as Serialization from "han-rpc/unstable/Serialization"
import * as UnixSocket from "han-server/unstable/UnixSocket"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ended } from "../HanProcess.ts"
import { answering, type Place, peer, place, says } from "../HookPeer.ts"

let here: Place
beforeEach(() => {
  here = place()
})
afterEach(() => here.remove())

const input = `${JSON.stringify({ hook_event_name: "Stop", text: "ä😀\u0000" })}\n`
type Answer = Effect.Effect<HookAnswer, HookCallInvalid | HookProjectInvalid | StoreError>

/** While a server of the real RPC listens. */
const during = <A>(server: Layer.Layer<never, never, RpcServer.Protocol>, use: () => Promise<A>): Promise<A> =>
  server.pipe(
    Layer.provide(RpcServer.layerProtocolSocketServer),
    Layer.provide([UnixSocket.layer({ path: here.socket }), Serialization.layerNdjson]),
    Layer.build,
    Effect.zipRight(Effect.promise(use)),
    Effect.scoped,
    Effect.runPromise
  )

/** While it answers hooks with `answer`. */
const served = <A>(answer: (call: HookCall) => Answer, use: () => Promise<A>): Promise<A> =>
  during(
    RpcServer.layer(HookRunnerRpcs, { disableFatalDefects: true }).pipe(
      Layer.provide(handlersOf([contract(HookRunner, HookRunnerRpcs)])),
      Layer.provide(Layer.succeed(HookRunner, { answer, run: () => Stream.die("not asked"), explain: () => Effect.die("not asked") })),
      Layer.provide(Authentication.layerLocal)
    ),
    use
  )

describe("the hand-written frames", () => {
  it("The hand-written frames are those of the contract, to the field", async () => {
    const { close, frames } = await peer(here.socket, answering(says("")))
    await here.run(["hook", "run", "biome@mine", "lint", "--only", "src"], input)
    await here.run(["hook", "run", "Stop"], "")
    const Request = Schema.Struct({
      _tag: Schema.Literal("Request"),
      id: Schema.BigInt,
      tag: Schema.Literal("HookRunner.answer"),
      payload: HookRunnerRpcs.requests.get("HookRunner.answer")?.payloadSchema ?? Schema.Never,
      headers: Schema.Array(Schema.Tuple(Schema.String, Schema.String))
    })
    const requests = frames.map((frame) => Schema.decodeUnknownSync(Request, { onExcessProperty: "error" })(frame).payload)
    expect(requests).toMatchObject([
      { call: { event: null, input, only: { plugin: "biome@mine", hook: "lint" }, directory: "src", cache: true, answerAs: "command" } },
      { call: { event: "Stop", input: "", only: null, cache: true } }
    ])
    close()
  })

  it("The hand-written frames are understood by the server, and its answers here", async () => {
    const calls: Array<HookCall> = []
    const text = "äöü😀\n".repeat(200_000)
    const answer = (call: HookCall): Answer => {
      calls.push(call)
      // Long enough to be asked whether it lives.
      return Effect.delay(Effect.succeed({ exitCode: 2, stdout: text, stderr: "no" }), "1 second")
    }
    const { code, err, out } = await served(answer, () => here.run(["hook", "run", "Stop"], input, { HAN_HOOK_DEADLINE_MS: "200" }))
    expect([code, out.toString() === text, err]).toEqual([2, true, "no\n"])
    expect(calls).toMatchObject([{ event: "Stop", input }])
    expect(Schema.is(HookCall)(calls[0])).toBe(true)
  })

  it("The hand-written frames carry errors and defects", async () => {
    const failures: ReadonlyArray<readonly [Answer, RegExp]> = [
      [Effect.fail(new HookCallInvalid({ message: "no event" })), /^han: .*no event/],
      [Effect.fail(new HookProjectInvalid({ projectPath: "/x", message: "no folder" })), /^han: .*no folder/],
      [Effect.fail(new StoreError({ operation: "o", reason: "full", message: "no space" })), /^han: .*no space/],
      [Effect.die(new Error("a bug")), /the coordinator broke down over this call, .*: a bug; /],
      [Effect.interrupt, /the coordinator stopped while hooks were running/]
    ]
    for (const [answer, words] of failures) {
      const { code, out } = await served(
        () => answer,
        () => here.run(["hook", "run", "Stop"], input)
      )
      expect([code, JSON.parse(out.toString())]).toEqual([0, { systemMessage: expect.stringMatching(words) }])
    }
  })

  it("The hand-written frames end what was started when the caller goes away", async () => {
    const started = Deferred.unsafeMake<void>(FiberId.none)
    const stopped = Deferred.unsafeMake<void>(FiberId.none)
    const answer = (): Answer =>
      Effect.zipRight(
        Deferred.succeed(started, undefined),
        Effect.onInterrupt(Effect.never, () => Deferred.succeed(stopped, undefined))
      )
    const code = await served(answer, async () => {
      const child = here.start(["hook", "run", "Stop"])
      child.stdin?.end(input)
      await Effect.runPromise(Deferred.await(started))
      child.kill("SIGTERM")
      const { code } = await ended(child)
      await Effect.runPromise(Deferred.await(stopped))
      return code
    })
    expect(code).toBe(143)
  })
})

it("an older coordinator is named as such", async () => {
  const Older = RpcGroup.make(Rpc.make("Sessions.count", { success: Schema.Int }))
  const server = RpcServer.layer(Older).pipe(Layer.provide(Older.toLayer({ "Sessions.count": () => Effect.succeed(0) })))
  const { code, out } = await during(server, () => here.run(["hook", "run", "Stop"], input))
  expect([code, JSON.parse(out.toString())]).toEqual([0, { systemMessage: expect.stringContaining("older than this han") }])
})
