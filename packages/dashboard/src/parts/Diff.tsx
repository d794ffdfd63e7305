import { memo, useMemo, useState } from "react"
import { type DiffLine, lineDiff } from "../text/lineDiff.ts"
import { CodeLine } from "./CodeLine.tsx"
import css from "./Diff.module.css"
import { type Coloured, languageOf, useColours } from "./highlighting.ts"

const context = 3
const firstLines = 40

const coloured = (line: DiffLine, old: Coloured, fresh: Coloured) => {
  const pieces = line.kind === "removed" ? old?.[(line.old ?? 0) - 1] : fresh?.[(line.new ?? 0) - 1]
  return pieces === undefined ? line.text : <CodeLine pieces={pieces} />
}

/** Two texts line by line; of long runs that both have only what stands next to a change. */
export const Diff = memo(({ after, before, path }: { readonly before: string; readonly after: string; readonly path?: string | undefined }) => {
  const language = languageOf(path)
  const [old, fresh] = [useColours(before, language), useColours(after, language)]
  const [all, setAll] = useState(false)
  const rows = useMemo(() => {
    const lines = lineDiff(before, after)
    const near = new Set<number>()
    lines.forEach(({ kind }, index) => {
      if (kind !== "same") for (let at = index - context; at <= index + context; at++) near.add(at)
    })
    return lines.map((line, index) => ({ line, index })).filter(({ index }) => near.has(index))
  }, [before, after])
  const shown = all ? rows : rows.slice(0, firstLines)
  return (
    <div className={css.diff}>
      <div className={css.scroll} tabIndex={0} role="region" aria-label="Changed lines">
        <table>
          <tbody>
            {shown.map(({ index, line }, place) => (
              <tr key={index} data-kind={line.kind} data-gap={place > 0 && shown[place - 1]?.index !== index - 1}>
                <td className={css.number}>{line.old}</td>
                <td className={css.number}>{line.new}</td>
                <td className={css.sign}>{line.kind === "added" ? "+" : line.kind === "removed" ? "−" : ""}</td>
                <td className={css.text}>{coloured(line, old, fresh)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < rows.length && (
        <button type="button" className={css.more} onClick={() => setAll(true)}>
          {rows.length - shown.length} more lines
        </button>
      )}
    </div>
  )
})
