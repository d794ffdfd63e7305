import { useState } from "react"
import { Ansi } from "../parts/Ansi.tsx"
import { bytes } from "../text/figures.ts"
import css from "./Output.module.css"

interface OutputOf {
  readonly text: string
  /** The length of the whole, of which `text` may be the beginning. */
  readonly length: number
  readonly bad?: boolean
  readonly label: string
  /** Lines that are shown before somebody asks for more. */
  readonly lines: number
  readonly whole?: (() => Promise<string | undefined>) | undefined
}

/** What a program printed: a few lines of it, all of it when it is asked for. */
export const Output = ({ bad = false, label, length, lines, text, whole }: OutputOf) => {
  const [open, setOpen] = useState(false)
  const [all, setAll] = useState<string | undefined>()
  const [failed, setFailed] = useState<string | undefined>()
  const shown = all ?? text
  const end = open ? shown.length : endOf(shown, lines)
  const more = shown.length > end
  const clipped = all === undefined && length > text.length
  if (length === 0) return <p className={css.empty}>no output</p>
  return (
    <div className={css.output} data-bad={bad}>
      <pre className={css.text} tabIndex={0} role="region" aria-label={label}>
        <Ansi text={shown.slice(0, end)} />
      </pre>
      {more && (
        <button type="button" className={css.more} onClick={() => setOpen(true)}>
          {countLines(shown, end)} more lines
        </button>
      )}
      {!more && clipped && whole !== undefined && (
        <button type="button" className={css.more} onClick={() => whole().then(setAll, (error: unknown) => setFailed(String(error)))}>
          Show all of it ({bytes(length)})
        </button>
      )}
      {all !== undefined && all.length < length && (
        <p className={css.empty}>
          The first {bytes(all.length)} of {bytes(length)}; the transcript has the rest.
        </p>
      )}
      {failed !== undefined && <p className={css.empty}>{failed}</p>}
    </div>
  )
}

/** Where so many lines end; a single line has an end, too. */
const maxLine = 4000
const endOf = (text: string, lines: number): number => {
  let at = -1
  for (let line = 0; line < lines; line++) {
    const next = text.indexOf("\n", at + 1)
    if (next < 0) return Math.min(text.length, maxLine * lines)
    at = next
  }
  return at + 1 >= text.length ? text.length : Math.min(at, maxLine * lines)
}

const countLines = (text: string, from: number): number => {
  let count = 1
  for (let at = text.indexOf("\n", from + 1); at >= 0 && at < text.length - 1; at = text.indexOf("\n", at + 1)) count++
  return count
}
