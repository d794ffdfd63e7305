/** A sum as it goes to people and over the wire: whole numbers beyond 2^53 - 1 cannot be told exactly, and stay there. */
export const bounded = (sum: number): number => Math.max(-Number.MAX_SAFE_INTEGER, Math.min(sum, Number.MAX_SAFE_INTEGER))
