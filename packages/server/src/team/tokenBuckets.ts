import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** How many requests somebody may make at once, and how many come to that each second. */
export interface RateLimit {
  readonly burst: number
  readonly perSecond: number
}

/** Buckets that are kept at most before those are dropped that are full again: they are as good as none. */
const maxBuckets = 10_000

/** Takes a token out of somebody's bucket. Gives 0, or the milliseconds after which there will be one. */
export const tokenBuckets = ({ burst, perSecond }: RateLimit): ((who: string) => Effect.Effect<number>) => {
  const buckets = new Map<string, Bucket>()
  // Counted in milliseconds, which are whole numbers.
  const cost = 1000 / perSecond
  // A clock that was set back takes nothing away.
  const level = ({ at, credit }: Bucket, now: number) => Math.min(burst * cost, credit + Math.max(0, now - at))
  return (who) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      if (buckets.size >= maxBuckets) for (const [name, bucket] of buckets) if (level(bucket, now) >= burst * cost) buckets.delete(name)
      const credit = level(buckets.get(who) ?? { credit: burst * cost, at: now }, now)
      const missing = Math.max(0, cost - credit)
      buckets.set(who, { credit: missing > 0 ? credit : credit - cost, at: now })
      return Math.ceil(missing)
    })
}

/** The milliseconds that somebody has saved up, and when. */
interface Bucket {
  readonly credit: number
  readonly at: number
}
