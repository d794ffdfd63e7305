import css from "./Lamp.module.css"

/** What a session is doing, by the server's own words. */
export interface Doing {
  readonly status?: string | null | undefined
  readonly activity?: string | null | undefined
}

const words: Readonly<Record<string, string>> = {
  RUNNING: "running",
  WAITING: "waiting for you",
  BLOCKED: "gate failed",
  active: "active",
  idle: "idle",
  completed: "ended"
}

export const doingOf = ({ activity, status }: Doing): string => activity ?? status ?? "completed"
export const doingWords = (doing: Doing): string => words[doingOf(doing)] ?? doingOf(doing)

/** A dot for it, with the words where there is room. */
export const Lamp = ({ doing, worded = false }: { readonly doing: Doing; readonly worded?: boolean }) => (
  <span className={css.lamp} data-doing={doingOf(doing)} title={doingWords(doing)}>
    <span className={worded ? css.words : css.hidden}>{doingWords(doing)}</span>
  </span>
)
