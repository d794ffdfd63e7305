import type { Mark } from "../conversation/Spine.tsx"

interface Landmark {
  readonly messageId: string
  readonly kind: string
  readonly at?: string | null | undefined
  readonly text: string
}

const kinds: Readonly<Record<string, Mark["kind"]>> = { TOOL_RESULT: "error", COMPACTION: "compaction" }

/** The marks of a map. Failures between two prompts are one mark, which leads to the first of them. */
export const marksOf = (landmarks: ReadonlyArray<Landmark>): ReadonlyArray<Mark> => {
  const marks: Array<Mark> = []
  for (const { at = null, kind, messageId, text } of landmarks) {
    const before = marks.at(-1)
    const shown = kinds[kind] ?? "prompt"
    if (shown === "error" && before?.kind === "error") {
      marks[marks.length - 1] = { ...before, count: before.count + 1, text: `${before.count + 1} calls failed` }
      continue
    }
    const words =
      shown === "error" ? "a call failed" : shown === "compaction" ? "context compacted" : kind === "INTERRUPT" ? "interrupted" : (text.split("\n", 1)[0] ?? "")
    marks.push({ id: messageId, kind: shown, text: words === "" ? "(no words)" : words, at, count: 1 })
  }
  return marks
}
