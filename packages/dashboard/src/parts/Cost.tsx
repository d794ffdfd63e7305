import { dollars, unknown } from "../text/figures.ts"

interface Priced {
  readonly costUsd: number | null | undefined
  /** Responses without a price: the figure lacks them. */
  readonly unpriced: number
}

/** Dollars by list price. What is not known is a dash, and what is known only in part says so. */
export const Cost = ({ costUsd, unpriced }: Priced) =>
  costUsd == null ? (
    <span title="No price is known of the model that answered.">{unknown}</span>
  ) : unpriced > 0 ? (
    <span title={`By list price. ${unpriced} responses have no known price and are not in it.`}>≥ {dollars(costUsd)}</span>
  ) : (
    <span title={`$${costUsd.toFixed(6)} by list price`}>{dollars(costUsd)}</span>
  )
