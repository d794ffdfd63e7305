/**
 * Prices of models, and the cost of a response by them.
 *
 * @example
 * ```ts
 * import { formatUsd, make } from "han-core/Pricing"
 *
 * // Nano-dollars for a token are dollars for a million tokens, times 1,000.
 * const price = { input: 500, output: 1500, cacheRead: 50, cacheWrite5m: null, cacheWrite1h: null }
 * const prices = make([{ model: "local-coder", from: 0, price }])
 *
 * const tokens = { input: 12_000, output: 40_000, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 }
 * formatUsd(prices.costOf("local-coder", Date.now(), tokens)) // "$0.07"
 * formatUsd(prices.costOf("a-model-without-a-price", Date.now(), tokens)) // "unknown"
 * ```
 */

import * as Schema from "effect/Schema"

/** Integer nano-dollars for one token of each kind: USD per million tokens × 1,000. Null where the vendor states no price. */
export const Price = Schema.Struct({
  input: Schema.NonNegative,
  output: Schema.NonNegative,
  cacheRead: Schema.NonNegative,
  cacheWrite5m: Schema.NullOr(Schema.NonNegative),
  cacheWrite1h: Schema.NullOr(Schema.NonNegative)
})
export type Price = typeof Price.Type

/** The price of a model, given with or without its date suffix, from an instant on. */
export const PriceRow = Schema.Struct({
  model: Schema.NonEmptyString,
  /** Milliseconds since 1970; the row with the latest `from` that is not after the response holds. */
  from: Schema.Number,
  price: Price
})
export type PriceRow = typeof PriceRow.Type

const usd = (input: number, output: number, cacheRead: number, cacheWrite5m: number | null, cacheWrite1h: number | null): Price => ({
  input: Math.round(input * 1000),
  output: Math.round(output * 1000),
  cacheRead: Math.round(cacheRead * 1000),
  cacheWrite5m: cacheWrite5m === null ? null : Math.round(cacheWrite5m * 1000),
  cacheWrite1h: cacheWrite1h === null ? null : Math.round(cacheWrite1h * 1000)
})
const rows = (models: string, price: Price): ReadonlyArray<PriceRow> => models.split(" ").map((model) => ({ model, from: 0, price }))

/** The published list prices as of 2026-11. A model that is not in the list has no price: its cost is unknown, never zero. */
export const published: ReadonlyArray<PriceRow> = [
  ...rows("claude-3-5-haiku", usd(0.8, 4, 0.08, 1, 1.6)),
  ...rows("claude-3-5-sonnet claude-3-7-sonnet claude-sonnet-4 claude-sonnet-4-5 claude-sonnet-4-6", usd(3, 15, 0.3, 3.75, 6)),
  ...rows("claude-3-opus claude-opus-4 claude-opus-4-1", usd(15, 75, 1.5, 18.75, 30)),
  ...rows("claude-haiku-4-5", usd(1, 5, 0.1, 1.25, 2)),
  ...rows("claude-opus-4-5 claude-opus-4-6 claude-opus-4-7 claude-opus-4-8 claude-opus-5", usd(5, 25, 0.5, 6.25, 10)),
  ...rows("claude-sonnet-5", usd(2, 10, 0.2, 2.5, 4)),
  ...rows("claude-opus-5-5", usd(4, 20, 0.2, 5, 8)),
  ...rows("claude-sonnet-5-5", usd(2, 10, 0.1, 2.5, 4)),
  ...rows("claude-haiku-5-5", usd(0.1, 0.5, 0.01, 0.125, 0.2)),
  ...rows("gpt-5 gpt-5-codex gemini-2.5-pro", usd(1.25, 10, 0.125, null, null))
]

/** The tokens of one response, by kinds that have prices of their own. */
export interface PricedTokens {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
}

/** Prices, ready to be applied. */
export interface PriceTable {
  /** The cost in integer nano-dollars; null when a price that the response needs is not known. With `at` null the oldest price holds. */
  readonly costOf: (model: string, at: number | null, tokens: PricedTokens) => number | null
  /** Instants at which a price changes, in order, in milliseconds since 1970. */
  readonly changes: ReadonlyArray<number>
  /** A text that differs when any price does. */
  readonly fingerprint: string
}

/** A model id without the vendor's date suffix and context marker: `claude-opus-4-5-20251101`, `claude-opus-4-5[1m]` → `claude-opus-4-5`. */
export const withoutSuffix = (model: string): string =>
  model
    .replace(/\[[^\]]*\]$/, "")
    .replace(/[-@]20\d{6}$/, "")
    .replace(/-latest$/, "")

/** Makes a price table of the published rows and `more`, which override rows of the same model from their date on. */
export const make = (more: ReadonlyArray<PriceRow> = []): PriceTable => {
  const byModel = new Map<string, Array<PriceRow>>()
  for (const row of [...published, ...more]) {
    const list = byModel.get(row.model) ?? []
    // A later row of the same instant replaces the earlier one.
    byModel.set(
      row.model,
      [...list.filter((have) => have.from !== row.from), row].sort((a, b) => b.from - a.from)
    )
  }
  const listOf = (model: string): ReadonlyArray<PriceRow> | undefined => {
    const list = byModel.get(model) ?? byModel.get(withoutSuffix(model))
    // The suffix is taken off once for each model.
    if (list !== undefined) byModel.set(model, list)
    return list
  }
  const fingerprint = JSON.stringify(
    [...byModel.values()]
      .flat()
      .map(({ from, model, price }) => [model, from, price.input, price.output, price.cacheRead, price.cacheWrite5m, price.cacheWrite1h])
      .sort()
  )
  return {
    costOf: (model, at, tokens) => {
      const list = listOf(model)
      const price = list?.find((row) => row.from <= (at ?? 0))?.price ?? list?.at(-1)?.price
      if (price === undefined) return null
      if (price.cacheWrite5m === null && tokens.cacheWrite5m > 0) return null
      if (price.cacheWrite1h === null && tokens.cacheWrite1h > 0) return null
      return Math.round(
        tokens.input * price.input +
          tokens.output * price.output +
          tokens.cacheRead * price.cacheRead +
          tokens.cacheWrite5m * (price.cacheWrite5m ?? 0) +
          tokens.cacheWrite1h * (price.cacheWrite1h ?? 0)
      )
    },
    changes: [...new Set([...byModel.values()].flatMap((list) => list.map(({ from }) => from)))].sort((a, b) => a - b),
    fingerprint
  }
}

/** Formats nano-dollars for people: `$12.34`, `<$0.01` below half a cent, `unknown` for null. */
export const formatUsd = (nano: number | null): string =>
  nano === null
    ? "unknown"
    : nano > 0 && nano < 5_000_000
      ? "<$0.01"
      : `$${(nano / 1e9).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
