/** Texts, and those in lists and promises, as well-formed Unicode: half surrogate pairs, which transcripts escape and some JSON readers refuse, become U+FFFD. */
export const wellFormed = (value: unknown): unknown =>
  typeof value === "string" ? value.toWellFormed() : Array.isArray(value) ? value.map(wellFormed) : value instanceof Promise ? value.then(wellFormed) : value
