import * as Effect from "effect/Effect"

const places = new Map<string, { readonly turn: Effect.Semaphore; waiting: number }>()

/** Lets one effect after the other run for a path, in this process, whoever asks. */
export const oneAtATime =
  (path: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const place = places.get(path) ?? { turn: Effect.unsafeMakeSemaphore(1), waiting: 0 }
        place.waiting++
        places.set(path, place)
        return place
      }),
      (place) => place.turn.withPermits(1)(effect),
      (place) =>
        Effect.sync(() => {
          if (--place.waiting === 0) places.delete(path)
        })
    )
