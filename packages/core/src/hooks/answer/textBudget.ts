import { borderAt, clipped } from "../../text/Clip.ts"

/** A part of a text for somebody to read. When there is too little room, the middle of its body goes first; the cut names `file`, where all of it is. */
export interface Section {
  readonly head: string
  readonly body: string
  readonly tail: string
  readonly file: string | null
}

export const section = (body: string, file: string | null = null): Section => ({ head: "", body, tail: "", file })

const gap = "\n\n"
/** More than that are only named: each would be too short to say anything. */
const maxSections = 20
const nameLength = 160
const minBody = 100

/** The sections with an empty line between them, well formed, in at most `room` UTF-16 units. What is short stays whole; the long ones share what it leaves. */
export const joined = (sections: ReadonlyArray<Section>, room: number): string => fitted(sections, room).toWellFormed()

const fitted = (sections: ReadonlyArray<Section>, room: number): string => {
  const filled = sections.filter((one) => whole(one) !== "")
  const all = filled.map(whole).join(gap)
  if (all.length <= room) return all
  const kept = filled.length > maxSections ? [...filled.slice(0, maxSections - 1), named(filled.slice(maxSections - 1))] : filled
  const shares = fairShares(
    kept.map((one) => whole(one).length),
    room - gap.length * (kept.length - 1)
  )
  return kept.map((one, i) => cutTo(one, shares[i] ?? 0)).join(gap)
}

const whole = ({ head, body, tail }: Section): string => [head, body, tail].filter((part) => part !== "").join("\n")

const named = (sections: ReadonlyArray<Section>): Section => ({
  head: `${sections.length} more:`,
  body: sections.map((one) => clipped((one.head === "" ? one.body : one.head).replace(/\s+/g, " "), nameLength)).join("\n"),
  tail: "",
  file: null
})

/** The room that each gets: its length, or an equal share of the room that the shorter ones leave. */
const fairShares = (lengths: ReadonlyArray<number>, room: number): ReadonlyArray<number> => {
  const shares = lengths.map(() => 0)
  const order = lengths.map((_, i) => i).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0))
  let left = Math.max(0, room)
  order.forEach((i, place) => {
    const share = Math.min(lengths[i] ?? 0, Math.floor(left / (order.length - place)))
    shares[i] = share
    left -= share
  })
  return shares
}

const cutTo = (one: Section, share: number): string => {
  const text = whole(one)
  if (text.length <= share) return text
  const where = one.file === null ? "" : `; all of it: ${one.file}`
  const mark = (left: number): string => `\n[… ${left} characters left out${where} …]\n`
  const room = share - whole({ ...one, body: "" }).length - 2 - mark(one.body.length).length
  if (room < minBody) return share < 1 ? "" : `${clipped(text, share - 1)}…`
  const start = borderAt(one.body, Math.ceil(room / 2))
  const end = borderFrom(one.body, one.body.length - Math.floor(room / 2))
  return whole({ ...one, body: `${one.body.slice(0, start)}${mark(end - start)}${one.body.slice(end)}` })
}

/** The first border between two characters at or after `at`, or the end where none is near. */
const borderFrom = (text: string, at: number): number => {
  for (let place = at; place < at + 256 && place < text.length; place++) if (borderAt(text, place) === place) return place
  return text.length
}
