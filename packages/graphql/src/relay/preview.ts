import { clipped } from "han-core/unstable/Clip"

/** The beginning of `text` with three dots, or all of it when it is short. */
export const previewOf = (text: string, length: number): string => (text.length <= length ? text : `${clipped(text, length)}...`)
