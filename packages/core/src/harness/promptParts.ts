import { tagged } from "../text/terminal.ts"

/** A block that a program put into a prompt. */
export interface AddedBlock {
  /** The name of its tag; empty for a marker like `[Image #1]`. */
  readonly name: string
  /** With its tags. */
  readonly whole: string
  /** True when it stands before everything that was said. */
  readonly leads: boolean
}

/** A prompt's text, told apart by who wrote it. */
export interface PromptParts {
  /** The words of who asked, as they were written; where there are blocks, without them and the blanks around them. */
  readonly said: string
  readonly added: ReadonlyArray<AddedBlock>
}

const ofEvents =
  "(?:user-prompt-(?:submit|expansion)|session-(?:start|end)|(?:pre|post)-tool-(?:use|batch)(?:-failure)?|(?:subagent-)?(?:start|stop)|pre-compact|notification)-hook"
const addedName = new RegExp(
  "^(?:ide[-_][a-z_-]+|system[-_](?:reminder|warning|notification|notice|message|note|context|instruction)s?|local-command-(?:caveat|stdout|stderr)" +
    "|bash-(?:input|stdout|stderr|notification)|command-(?:name|message|args|contents)|(?:task|agent|background-task|teammate|mcp)-notification|teammate-message" +
    "|cross-session-message|tool_use_error|persisted-output|new-diagnostics|mcp-(?:resource|polling)-update|background-task-(?:output|status)|fork-boilerplate" +
    "|environment_(?:context|details)|user_instructions|attached_files|open_(?:files|tabs)|uploaded_files|context_files|editor_(?:context|selection)|browser_selection" +
    `|${ofEvents})$`
)
/** The tag around what a human wrote. */
const spokenName = "user-memory-input"
const isTag = (name: string): boolean => name === spokenName || addedName.test(name)

const opening = /<([a-z][a-z0-9]*(?:[-_][a-z0-9]+)+)(?:[ \t][^<>\n]*)?>/g

/** A part of a text: a block, or what stands between two. */
export interface Piece {
  /** Null for text between blocks. */
  readonly name: string | null
  /** A block's with its tags. */
  readonly text: string
}

/** Tells what somebody asked from what programs put before, behind or between it. */
export const partsOf = (text: string): PromptParts => {
  const pieces = piecesIn(text)
  if (pieces === null) return withoutMarkers(text, [])
  const added: Array<AddedBlock> = []
  const said: Array<string> = []
  for (const { name, text } of pieces) {
    if (name !== null && name !== spokenName) added.push({ name, whole: text.trim(), leads: said.length === 0 })
    else {
      const words = (name === null ? text : inner(text, name)).trim()
      if (words !== "") said.push(words)
    }
  }
  return withoutMarkers(afterNotice(said.join("\n"), added), added)
}

/** The words that programs wrote, without the tags of their blocks. Of the notice of a task only what it says in words. */
export const withoutTags = (text: string): string => {
  const pieces = piecesIn(text)
  if (pieces === null) return text
  const parts = pieces.map(({ name, text }) => (name === null ? text : name === "task-notification" ? noticeText(text) : inner(text, name)).trim())
  return parts.filter((part) => part !== "").join("\n")
}

const noticeText = (whole: string): string => {
  const words = [tagged(whole, "summary"), tagged(whole, "result")].flatMap((part) => (part === null || part.trim() === "" ? [] : [part.trim()]))
  return words.length > 0 ? words.join("\n") : inner(whole, "task-notification").replace(/<\/?[a-z][a-z_-]*>/g, "")
}

const inner = (whole: string, name: string): string => {
  const begin = whole.indexOf(">") + 1
  const close = `</${name}>`
  const rest = whole.trimEnd()
  return rest.endsWith(close) ? rest.slice(begin, -close.length) : whole.slice(begin)
}

/**
 * The text and its blocks in their order; null where it has none. Only a tag with which a line begins, behind another block, or glued to the end of a text
 * begins one; a tag that a sentence or a code block talks about is a word like others. A block without an end goes on to the next one, or to the end of the text.
 */
export const piecesIn = (text: string): ReadonlyArray<Piece> | null => {
  if (!text.includes("<")) return null
  const pieces: Array<Piece> = []
  const closes = new Map<string, number>()
  const fences = fencesOf(text)
  let from = 0
  let passed = 0
  let passedName = ""
  for (const found of text.matchAll(opening)) {
    const begin = found.index
    const name = found[1] ?? ""
    if (begin < from || !isTag(name)) continue
    const content = begin + found[0].length
    let lastClose = closes.get(name)
    if (lastClose === undefined) closes.set(name, (lastClose = text.lastIndexOf(`</${name}>`)))
    const isFirst = beginsLine(text, from, begin)
    let end: number
    if (lastClose >= content) {
      // Behind a tag that turned out to be a word the end is the one that was found for it.
      end = begin < passed && passedName === name ? passed : closeOf(text, content, name)
      if (!isFirst && !endsText(text, { begin, content, end })) {
        passed = end
        passedName = name
        continue
      }
    } else {
      if (!isFirst || !isCutOff(text, content)) continue
      end = nextBlock(text, content)
    }
    if (fences.holds(from, begin, end)) continue
    if (begin > from) pieces.push({ name: null, text: text.slice(from, begin) })
    pieces.push({ name, text: text.slice(begin, end) })
    from = end
  }
  if (pieces.length === 0) return null
  if (from < text.length) pieces.push({ name: null, text: text.slice(from) })
  return pieces
}

/** Finds where code blocks begin and end. What stands within a block that a program made does not count. */
const fencesOf = (text: string) => {
  let marks: ReadonlyArray<number> | undefined
  let open = false
  let next = 0
  return {
    /** Tells whether the block from `begin` to `end`, behind the one that ended at `from`, stands in a code block, which ends behind it. */
    holds: (from: number, begin: number, end: number): boolean => {
      marks ??= [...text.matchAll(/^ {0,3}(?:`{3,}|~{3,})/gm)].map(({ index }) => index)
      while (next < marks.length && marks[next]! < begin) if (marks[next++]! >= from) open = !open
      return open && (marks.at(-1) ?? -1) >= end
    }
  }
}

/** The length of text around a tag that is looked at. */
const near = 80

/** Tells whether nothing but blanks stands between the block before and the tag, or between the begin of the line and the tag: fewer than four, which would be code. */
const beginsLine = (text: string, from: number, begin: number): boolean => {
  const first = Math.max(from, begin - near)
  const before = text.slice(first, begin)
  if (first === from && before.trim() === "") return true
  const line = before.lastIndexOf("\n")
  return line >= 0 && /^(?: {0,3}|\r)$/.test(before.slice(line + 1))
}

/** Tells whether a closed block within a line is the end of its text rather than a part of a sentence. */
const endsText = (text: string, { begin, content, end }: { readonly begin: number; readonly content: number; readonly end: number }): boolean =>
  /^[ \t\r]*(?:\n|$)/.test(text.slice(end, end + near)) &&
  // Programs set their text on lines of its own, or put the block directly behind the last word.
  (/^[ \t]*\r?\n/.test(text.slice(content, content + near)) || /[\p{L}\p{N}.!?;:)]/u.test(text.slice(begin - 1, begin)))

/** Tells whether the text behind a tag that is never closed reads like its content: a sentence about a tag goes on with a word. */
const isCutOff = (text: string, content: number): boolean => !/^[ \t]+\S/.test(text.slice(content, content + near))

/** Finds the end of the block whose content begins at `content`. Blocks of the same name within it are its own, as far as they are closed. */
const closeOf = (text: string, content: number, name: string): number => {
  const close = `</${name}>`
  const rest = text.slice(content)
  let depth = 1
  for (const found of rest.matchAll(new RegExp(`^[ \\t]*<${name}(?:[ \\t][^<>\\n]*)?>|</${name}>`, "gm"))) {
    depth += found[0] === close ? -1 : 1
    if (depth === 0) return content + found.index + close.length
  }
  return text.indexOf(close, content) + close.length
}

const nextBlock = (text: string, content: number): number => {
  for (const found of text.slice(content).matchAll(opening)) {
    const begin = content + found.index
    if (begin > content && isTag(found[1] ?? "") && beginsLine(text, content, begin)) return begin
  }
  return text.length
}

/** Older clients say behind the notice of a task where its result is. */
const afterNotice = (said: string, added: ReadonlyArray<AddedBlock>): string =>
  added.some(({ name }) => name.endsWith("-notification"))
    ? said.replace(/^(?:Read the output file to retrieve the|Full transcript available at)[^\n]*$/gm, "").trim()
    : said

const marker = "\\[(?:Image(?: #\\d+)?(?:: [^\\]\\n]*)?|Pasted text #\\d+[^\\]\\n]*|\\.\\.\\.Truncated text #\\d+[^\\]\\n]*)\\]"
const leading = new RegExp(`^\\s*(?:${marker}\\s*)+`)
const alone = new RegExp(`^[ \\t]*(?:${marker}[ \\t]*)+$`, "gm")

/** Takes out what the client writes for a picture or for pasted text, before the first word or alone on a line: nobody said that either. */
const withoutMarkers = (said: string, added: ReadonlyArray<AddedBlock>): PromptParts => {
  if (!said.includes("[")) return { said, added }
  const found: Array<string> = []
  const take = (whole: string): string => {
    found.push(whole.trim())
    return ""
  }
  const rest = said.replace(leading, take).replace(alone, take)
  return found.length === 0 ? { said, added } : { said: rest.trim(), added: [...added, ...found.map((whole) => ({ name: "", whole, leads: false }))] }
}
