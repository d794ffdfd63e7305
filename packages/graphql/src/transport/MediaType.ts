/** The media types that answers are written as. */
export type MediaType = "application/json" | "application/graphql-response+json" | "text/event-stream"

interface Range {
  readonly type: string
  readonly quality: number
}

const rangesOf = (accept: string): ReadonlyArray<Range> =>
  accept.split(",").flatMap((part) => {
    const [type = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase())
    const given = parameters.find((parameter) => parameter.startsWith("q="))
    const quality = given === undefined ? 1 : Number(given.slice(2))
    return type === "" || !(quality > 0) ? [] : [{ type, quality: Math.min(quality, 1) }]
  })

/**
 * The one of `offered` that an Accept header likes best: by quality, then by its own order. What it names is preferred to what its wildcards cover; for those, and
 * without a header, it is the first one offered. `undefined` when it accepts none.
 */
export const preferred = (accept: string | null, offered: ReadonlyArray<MediaType>): MediaType | undefined => {
  if (accept === null || accept.trim() === "") return offered[0]
  const ranges = rangesOf(accept)
  const named = ranges.filter(({ type }) => offered.some((offer) => offer === type)).sort((a, b) => b.quality - a.quality)[0]
  if (named !== undefined) return offered.find((offer) => offer === named.type)
  return offered.find((offer) => ranges.some(({ type }) => type === "*/*" || type === `${offer.split("/")[0]}/*`))
}

/** True when the header names this type, not only by a wildcard. */
export const names = (accept: string | null, wanted: MediaType): boolean => accept !== null && rangesOf(accept).some(({ type }) => type === wanted)

/** True when a body of this Content-Type is JSON in UTF-8. */
export const isJson = (contentType: string | null): boolean => {
  const [type, ...parameters] = (contentType ?? "").split(";").map((text) => text.trim().toLowerCase())
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length)
  return type === "application/json" && (charset === undefined || charset.replaceAll('"', "") === "utf-8" || charset === "utf8")
}
