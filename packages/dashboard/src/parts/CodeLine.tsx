import css from "./CodeLine.module.css"
import type { Coloured } from "./highlighting.ts"

/** A line of code in its pieces. */
export const CodeLine = ({ pieces }: { readonly pieces: NonNullable<Coloured>[number] }) => (
  <>
    {pieces.map(({ style, text }, index) =>
      style === undefined || css[style] === undefined ? (
        text
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one line never move.
        <span key={index} className={css[style]}>
          {text}
        </span>
      )
    )}
  </>
)
