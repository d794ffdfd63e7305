import { memo, useEffect, useRef } from "react"
import { VList, type VListHandle } from "virtua"
import { absolute, clockTime } from "../text/times.ts"
import css from "./Spine.module.css"

/** A place in the conversation that a reader finds their way by. */
export interface Mark {
  readonly id: string
  readonly kind: "prompt" | "error" | "compaction" | "gate"
  readonly text: string
  readonly at: string | null
  readonly count: number
}

interface SpineOf {
  readonly marks: ReadonlyArray<Mark>
  /** The mark that the reader is at, or below. */
  readonly current: number
  readonly seek: (message: string) => void
}

const signs = { prompt: "›", error: "✕", compaction: "⌁", gate: "⊘" } as const

/** A map of the whole conversation: what was asked, what failed, where its context was compacted. */
export const Spine = memo(({ current, marks, seek }: SpineOf) => {
  const list = useRef<VListHandle>(null)
  useEffect(() => {
    if (current >= 0) list.current?.scrollToIndex(current, { align: "nearest" })
  }, [current])
  return (
    <nav className={css.spine} aria-label="Map of the conversation">
      <VList ref={list} className={css.list} tabIndex={-1} data={marks} bufferSize={400}>
        {(mark, index) => (
          <button
            key={`${mark.kind}/${mark.id}`}
            type="button"
            className={css.mark}
            data-kind={mark.kind}
            aria-current={index === current ? "location" : undefined}
            onClick={() => seek(mark.id)}
            title={`${mark.text}\n${absolute(mark.at)}`}
          >
            <span className={css.sign} aria-hidden="true">
              {signs[mark.kind]}
            </span>
            <span className={css.text} dir="auto">
              {mark.text}
            </span>
            <span className={css.time}>{mark.count > 1 ? `×${mark.count}` : mark.kind === "prompt" ? clockTime(mark.at) : ""}</span>
          </button>
        )}
      </VList>
    </nav>
  )
})
