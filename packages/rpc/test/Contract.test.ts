import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import { assert, it } from "@effect/vitest"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { contract, methodsOf } from "han-rpc/unstable/Contract"

class Counter extends Context.Tag("test/Counter")<
  Counter,
  {
    readonly add: (by: number, note?: string) => Effect.Effect<number, "full">
    readonly total: Effect.Effect<number>
    readonly ticks: Stream.Stream<number, "full">
  }
>() {}

const add = Rpc.make("Counter.add", {
  payload: { by: Schema.Number, note: Schema.optional(Schema.String) },
  success: Schema.Number,
  error: Schema.Literal("full")
})
const total = Rpc.make("Counter.total", { success: Schema.Number })
const ticks = Rpc.make("Counter.ticks", { success: Schema.Number, error: Schema.Literal("full"), stream: true })

it("a contract knows the methods of its service, with the names of their arguments", () => {
  const { group, name } = contract(Counter, RpcGroup.make(add, total, ticks))
  assert.strictEqual(name, "Counter")
  assert.deepStrictEqual(
    methodsOf(group).map(({ isStream, method, names }) => [method, names, isStream]),
    [
      ["add", ["by", "note"], false],
      ["total", [], false],
      ["ticks", [], true]
    ]
  )
})

it("a service that its Rpcs do not carry whole and as it is does not compile", () => {
  const unlike = [
    // @ts-expect-error A method without an Rpc.
    contract(Counter, RpcGroup.make(add, total)),
    // @ts-expect-error A stream is no single answer.
    contract(Counter, RpcGroup.make(add, total, Rpc.make("Counter.ticks", { success: Schema.Number, error: Schema.Literal("full") }))),
    // @ts-expect-error Another answer.
    contract(Counter, RpcGroup.make(add, ticks, Rpc.make("Counter.total", { success: Schema.String }))),
    // @ts-expect-error An error that the wire would lose.
    contract(Counter, RpcGroup.make(Rpc.make("Counter.add", { payload: { by: Schema.Number, note: Schema.String }, success: Schema.Number }), total, ticks)),
    // @ts-expect-error An argument that has no field.
    contract(
      Counter,
      RpcGroup.make(Rpc.make("Counter.add", { payload: { by: Schema.Number }, success: Schema.Number, error: Schema.Literal("full") }), total, ticks)
    )
  ]
  assert.strictEqual(unlike.length, 5)
})
