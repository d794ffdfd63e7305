import { clockOf } from "han-core/unstable/Calendar"
import { bucketMs, dayOfBucket, daysQuarters } from "../readmodels/chunk.ts"

const dayMs = daysQuarters * bucketMs

/** Quarters of an hour in which a time zone's clock does not change. */
export interface Span {
  /** The first of them; the last is the one before the next span. */
  readonly from: number
  /** Milliseconds by which the zone is ahead of UTC. */
  readonly offset: number
}
/** The days, weeks or months of a time, and where each begins. */
export interface Segments {
  readonly starts: ReadonlyArray<number>
  readonly labels: ReadonlyArray<string>
}

/**
 * The spans of a time zone from one quarter up to another: all of it, or the days in UTC that are given. The clock is read at both ends of a day in UTC, and at each quarter of one
 * on which it changed.
 */
export const spansOf = (timeZone: string, from: number, to: number, days?: ReadonlyArray<number>): ReadonlyArray<Span> => {
  const { wall } = clockOf(timeZone)
  const offsets = new Map<number, number>()
  const offsetAt = (bucket: number): number => {
    let offset = offsets.get(bucket)
    if (offset === undefined) offsets.set(bucket, (offset = wall(bucket * bucketMs) - bucket * bucketMs))
    return offset
  }
  const spans: Array<Span> = []
  const put = (bucket: number, offset: number) => {
    if (bucket < to && spans.at(-1)?.offset !== offset) spans.push({ from: Math.max(from, bucket), offset })
  }
  const last = dayOfBucket(to - 1)
  const visit = (day: number) => {
    const start = day * daysQuarters
    const offset = offsetAt(start)
    if (offsetAt(start + daysQuarters) === offset) return put(start, offset)
    for (let bucket = Math.max(from, start); bucket < start + daysQuarters; bucket++) put(bucket, offsetAt(bucket))
  }
  if (days === undefined) for (let day = dayOfBucket(from); day <= last; day++) visit(day)
  else for (const day of days) if (day >= dayOfBucket(from) && day <= last) visit(day)
  return spans
}

/**
 * Days of a time zone, or what `labelOf` makes of them. Undefined where clocks went back over the end of one, so that it is in two pieces: these begin in the order of their labels.
 */
export const segmentsOf = (spans: ReadonlyArray<Span>, to: number, labelOf: (day: string) => string): Segments | undefined => {
  const starts: Array<number> = []
  const labels: Array<string> = []
  for (const [index, { from, offset }] of spans.entries()) {
    const end = spans[index + 1]?.from ?? to
    for (let start = from; start < end; ) {
      const day = Math.floor((start * bucketMs + offset) / dayMs)
      const label = labelOf(new Date(day * dayMs).toISOString().slice(0, 10))
      const before = labels.at(-1)
      if (before !== undefined && label < before) return undefined
      if (label !== before) {
        starts.push(start)
        labels.push(label)
      }
      start = Math.ceil(((day + 1) * dayMs - offset) / bucketMs)
    }
  }
  return { starts, labels }
}
