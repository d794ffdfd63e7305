import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Journal } from "han-core/Journal"
import type { StoreError } from "han-core/StoreError"
import type { SyncStopped } from "han-core/SyncClient"
import type { OutboxTranscript } from "han-core/unstable/SyncOutbox"
import type { Viewer } from "han-core/Viewer"
import { beginning } from "./answers.ts"
import { build, sessionOf } from "./batches.ts"
import { type Engine, newId } from "./Engine.ts"
import { goingTo, remoteOf, stopped } from "./reports.ts"
import { payloadOf, probe, replacedBy } from "./sending.ts"
import { wireBytes } from "./transport.ts"

/** Builds the bodies of requests one after another, each as if the server had taken those before it, and notes nothing. */
export const dryRunOf = (engine: Engine): Stream.Stream<Uint8Array, SyncStopped | StoreError, Journal | Viewer> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { remote, settings } = yield* remoteOf(engine)
      yield* engine.turn.withPermits(1)(Effect.mapError(probe(engine, remote), stopped))
      const now = yield* Clock.currentTimeMillis
      const writing = engine.writer(remote, settings.includeContent)
      const going = (yield* goingTo(engine, settings, remote)).flatMap(({ of }): ReadonlyArray<Going> => {
        const generationId = of.acked?.generationId ?? newId(now)
        return of.problem?.state === "quarantined" ? [] : [{ ...of, generationId, acked: of.acked ?? { ...beginning(of.no, generationId), at: null } }]
      })
      return Stream.unfoldEffect(going, (waiting: ReadonlyArray<Going>) =>
        Effect.gen(function* () {
          const items = yield* build(waiting, settings.batchSize, writing).pipe(
            // Forgotten at this moment.
            Effect.catchTag("TranscriptNotFound", () => Effect.succeed([]))
          )
          if (items.length === 0) return Option.none()
          const replaced = yield* replacedBy(engine, items)
          const sessions = items.map((item) => sessionOf(item, replaced.get(item.of.no) ?? [], writing))
          const body = yield* wireBytes(yield* payloadOf(engine, remote, { sessions }))
          return Option.some([body, behind(waiting, items)] as const)
        })
      )
    })
  )

type Going = OutboxTranscript & { readonly generationId: string }

/** The same transcripts when the server has these items, without those of which it has all. */
const behind = (waiting: ReadonlyArray<Going>, items: Effect.Effect.Success<ReturnType<typeof build>>): ReadonlyArray<Going> => {
  const sent = new Map(items.map((item) => [item.of.no, item]))
  return waiting.flatMap((of): ReadonlyArray<Going> => {
    const item = sent.get(of.no)
    if (item === undefined) return [of]
    const lines = item.from + item.messages.length
    return lines >= of.lines ? [] : [{ ...of, acked: { ...of.acked!, lines, chain: item.chain } }]
  })
}
