import { memo, useMemo } from "react"
import { ansiSpans } from "../text/ansi.ts"
import css from "./Ansi.module.css"

/** What a program printed, with its colours. */
export const Ansi = memo(({ text }: { readonly text: string }) => {
  const spans = useMemo(() => ansiSpans(text), [text])
  return (
    <>
      {spans.map(({ color, styles, text }, index) =>
        styles.length === 0 && color === undefined ? (
          text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never move.
          <span key={index} className={styles.map((style) => css[style]).join(" ")} style={color === undefined ? undefined : { color }}>
            {text}
          </span>
        )
      )}
    </>
  )
})
