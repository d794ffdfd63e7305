import { previewOf } from "../relay/preview.ts"

/** The title, or what was asked first; null without either. */
export const summaryOf = ({ firstPrompt, title }: { readonly title: string | null; readonly firstPrompt: string | null }, length: number): string | null => {
  const said = title ?? firstPrompt
  return said === null ? null : previewOf(said, length)
}
