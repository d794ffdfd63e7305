/** The last part of a path. */
export const baseName = (path: string): string => path.replace(/\/+$/, "").split("/").at(-1) ?? path

/** A path in as much of its end as is asked for: `…/src/text/columns.ts`. */
export const pathEnd = (path: string, parts = 3): string => {
  const all = path.split("/").filter((part) => part !== "")
  return all.length <= parts ? path : `…/${all.slice(-parts).join("/")}`
}

/** A model as people call it: `opus 4.5` of `claude-opus-4-5-20251101`. */
export const modelName = (model: string | null | undefined): string => {
  if (model == null || model === "") return ""
  const name = model
    .replace(/^claude-/, "")
    .replace(/-\d{8}$/, "")
    .replace(/\[.*\]$/, "")
  const match = /^([a-z]+)-(\d+)(?:-(\d+))?$/.exec(name) ?? null
  return match === null ? name : `${match[1]} ${match[2]}${match[3] === undefined ? "" : `.${match[3]}`}`
}
