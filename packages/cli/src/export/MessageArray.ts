import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Message } from "han-core/Message"
import { print } from "../coordinator/CoordinatorClient.ts"
import type { Output } from "../environment/Output.ts"
import { toJson } from "../terminal/PlainText.ts"
import * as JsonShapes from "./JsonShapes.ts"

/** A JSON array, an element a line, written while it comes in. */
export const messageArray = <E, R>(messages: Stream.Stream<ReadonlyArray<Message>, E, R>, out: Output) =>
  Effect.gen(function* () {
    let separator = "["
    yield* Stream.runForEach(messages, (page) => {
      const text = page
        .map((message) => {
          const element = `${separator}\n${toJson(JsonShapes.message(message))}`
          separator = ","
          return element
        })
        .join("")
      return print(out, text)
    })
    yield* print(out, separator === "[" ? "[]" : "\n]")
  })
