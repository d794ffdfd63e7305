import { pathEnd } from "../text/columns.ts"

export type Input = Readonly<Record<string, unknown>>

/** What a call was given; undefined when it is too long to be there as a whole. */
export const inputOf = (json: string): Input | undefined => {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Input) : undefined
  } catch {
    return undefined
  }
}

export const textIn = (input: Input | undefined, ...names: ReadonlyArray<string>): string | undefined => {
  for (const name of names) {
    const value = input?.[name]
    if (typeof value === "string" && value !== "") return value
  }
  return undefined
}

/** A call in one line: the command, the file, the pattern. */
export const summaryOf = (name: string, input: Input | undefined): string => {
  const path = textIn(input, "file_path", "notebook_path", "path")
  switch (name) {
    case "Bash":
      return textIn(input, "command") ?? ""
    case "Grep":
    case "Glob":
      return [textIn(input, "pattern"), path === undefined ? undefined : `in ${pathEnd(path)}`].filter((part) => part !== undefined).join(" ")
    case "Task":
    case "Agent":
      return textIn(input, "description", "prompt") ?? ""
    case "WebFetch":
      return textIn(input, "url") ?? ""
    case "WebSearch":
      return textIn(input, "query") ?? ""
    default:
      return path !== undefined ? pathEnd(path, 4) : (textIn(input, "description", "subject", "query", "command", "skill", "prompt") ?? firstText(input))
  }
}

const firstText = (input: Input | undefined): string => {
  const found = Object.values(input ?? {}).find((value) => typeof value === "string" || typeof value === "number")
  return found === undefined ? "" : String(found).slice(0, 300)
}

/** A change of a file, as a call states it. */
export interface Change {
  readonly before: string
  readonly after: string
}

export const changesOf = (name: string, input: Input | undefined): ReadonlyArray<Change> => {
  if (input === undefined) return []
  const pair = (of: Input): ReadonlyArray<Change> => {
    const [before, after] = [of["old_string"], of["new_string"]]
    return typeof before === "string" && typeof after === "string" ? [{ before, after }] : []
  }
  if (name === "Write") {
    const content = input["content"]
    return typeof content === "string" ? [{ before: "", after: content }] : []
  }
  const edits = input["edits"]
  if (Array.isArray(edits)) return edits.flatMap((edit: unknown) => (typeof edit === "object" && edit !== null ? pair(edit as Input) : []))
  return pair(input)
}

export interface TodoItem {
  readonly content: string
  readonly status: string
}
export const todosOf = (input: Input | undefined): ReadonlyArray<TodoItem> => {
  const list = input?.["todos"]
  return Array.isArray(list)
    ? list.flatMap((one: unknown) => {
        const { content, status } = (typeof one === "object" && one !== null ? one : {}) as Input
        return typeof content === "string" ? [{ content, status: typeof status === "string" ? status : "pending" }] : []
      })
    : []
}
