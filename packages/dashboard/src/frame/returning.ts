const key = "han.return"
const goodForMs = 30 * 60_000

/** Keeps the place that a browser was turned away from, for when it is let in. */
export const remember = (place: string): void => localStorage.setItem(key, JSON.stringify({ place, at: Date.now() }))

/** The place to go back to, once. */
export const recall = (): string | undefined => {
  const text = localStorage.getItem(key)
  if (text === null) return undefined
  localStorage.removeItem(key)
  try {
    const { at, place } = JSON.parse(text) as { readonly place: unknown; readonly at: unknown }
    return typeof place === "string" && /^\/(?!\/)/.test(place) && typeof at === "number" && Date.now() - at < goodForMs ? place : undefined
  } catch {
    return undefined
  }
}
