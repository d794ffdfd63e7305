/** The name that people use for a model: `claude-opus-4-5-20251101` → `Opus 4.5`, `claude-3-5-haiku-latest` → `Haiku 3.5`; any other id as it is. */
export const modelName = (id: string): string => {
  const newer = /^claude-([a-z]+)-(\d+)(?:-(\d{1,2}))?(?:[-@[]|$)/.exec(id)
  if (newer !== null) return named(newer[1], newer[2], newer[3])
  const older = /^claude-(\d+)(?:-(\d{1,2}))?-([a-z]+)(?:[-@[]|$)/.exec(id)
  return older === null ? id : named(older[3], older[1], older[2])
}
const named = (family = "", major = "", minor?: string): string =>
  `${family.charAt(0).toUpperCase()}${family.slice(1)} ${major}${minor === undefined ? "" : `.${minor}`}`
