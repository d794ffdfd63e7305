import * as Either from "effect/Either"
import { createScanner, type Node, parseTree } from "jsonc-parser"
import type { JsonChange, JsonPath } from "./JsonChange.ts"

/** The reason why a text cannot be changed as asked, and the offset of it. */
export interface Conflict {
  readonly offset: number
  readonly why: string
}

/** The style of a file, so that new text looks like the rest. */
interface Style {
  readonly eol: string
  readonly unit: string
  /** Everything on one line. */
  readonly compact: boolean
}

interface Cut {
  readonly from: number
  readonly to: number
  readonly text: string
}

/**
 * The text of a JSON document, comments and trailing commas allowed, with one value set or removed. Every other byte stays: order, comments, indentation, line ends.
 * The parser's own edits reformat whole lines and drop comments beside what they remove.
 */
export const changed = (text: string, change: JsonChange): Either.Either<string, Conflict> => {
  const root = parseTree(text, [], { allowTrailingComma: true })
  if (root === undefined) return Either.left({ offset: 0, why: "nothing is there" })
  const style = styleOf(text, root)
  return Either.map("value" in change ? setting(text, style, root, change.path, change.value) : removing(text, root, change.path), (cuts) =>
    [...cuts].sort((a, b) => b.from - a.from).reduce((all, { from, text, to }) => all.slice(0, from) + text + all.slice(to), text)
  )
}

const childrenOf = (node: Node): ReadonlyArray<Node> => node.children ?? []
const endOf = (node: Node): number => node.offset + node.length

/** Finds that name or place in `container`; null when it is not there. */
const indexIn = (container: Node, segment: string | number): Either.Either<number | null, Conflict> => {
  const children = childrenOf(container)
  if (typeof segment === "number") {
    return container.type === "array"
      ? Either.right(segment < children.length ? segment : null)
      : Either.left({ offset: container.offset, why: "a list is expected here" })
  }
  if (container.type !== "object") return Either.left({ offset: container.offset, why: "an object is expected here" })
  const found = children.flatMap((property, index) => (childrenOf(property)[0]?.value === segment ? [index] : []))
  const second = found[1] === undefined ? undefined : children[found[1]]
  // Readers take the last one, and a person may mean either.
  return second === undefined ? Either.right(found[0] ?? null) : Either.left({ offset: second.offset, why: `"${segment}" stands here a second time` })
}

const valueIn = (container: Node, index: number): Node | undefined => {
  const child = childrenOf(container)[index]
  return container.type === "object" && child !== undefined ? childrenOf(child)[1] : child
}

const setting = (text: string, style: Style, node: Node, path: JsonPath, value: unknown): Either.Either<ReadonlyArray<Cut>, Conflict> => {
  const [segment, ...rest] = path
  if (segment === undefined) return Either.left({ offset: node.offset, why: "the whole document cannot be set" })
  return Either.flatMap(indexIn(node, segment), (index) => {
    const found = index === null ? undefined : valueIn(node, index)
    if (found === undefined) {
      const whole = rest.reduceRight<unknown>((inner, name) => (typeof name === "number" ? [inner] : { [name]: inner }), value)
      return Either.right(inserting(text, style, node, typeof segment === "string" ? segment : null, whole))
    }
    if (rest.length > 0) return setting(text, style, found, rest, value)
    const indentation = indentationAt(text, found.offset)
    return Either.right([{ from: found.offset, to: endOf(found), text: render(value, style, indentation, !style.compact, ": ") }])
  })
}

const inserting = (text: string, style: Style, container: Node, name: string | null, value: unknown): ReadonlyArray<Cut> => {
  const children = childrenOf(container)
  const last = children.at(-1)
  const close = endOf(container) - 1
  const base = indentationAt(text, container.offset)
  const inner = base + style.unit
  const colon = last?.type === "property" ? colonOf(text, last) : style.compact ? ":" : ": "
  const item = (indentation: string, tall: boolean) =>
    `${name === null ? "" : `${JSON.stringify(name)}${colon}`}${render(value, style, indentation, tall, colon)}`
  if (last === undefined) {
    const { lastComment } = between(text, container.offset + 1, close)
    if (lastComment === null) {
      const body = style.compact ? item("", false) : `${style.eol}${inner}${item(inner, true)}${style.eol}${base}`
      return [{ from: container.offset + 1, to: close, text: body }]
    }
    const tail = text.slice(lastComment.end, close)
    return [{ from: lastComment.end, to: close, text: `${style.eol}${inner}${item(inner, true)}${tail.includes("\n") ? tail : `${style.eol}${base}`}` }]
  }
  const after = between(text, endOf(last), close)
  const tall = beginsLine(text, last.offset)
  const newLine = tall || after.lastComment?.kind === "line"
  const indentation = tall ? indentationAt(text, last.offset) : inner
  const gap = newLine ? style.eol + indentation : gapOf(text, container, colon)
  const at = Math.max(endOf(last), after.comma === null ? 0 : after.comma + 1, after.lastComment?.end ?? 0)
  const content = gap + item(indentation, newLine)
  // Who ends the last line with a comma finds it there again.
  if (after.comma !== null) return [{ from: at, to: at, text: `${content},` }]
  return at === endOf(last)
    ? [{ from: at, to: at, text: `,${content}` }]
    : [
        { from: endOf(last), to: endOf(last), text: "," },
        { from: at, to: at, text: content }
      ]
}

const removing = (text: string, node: Node, path: JsonPath): Either.Either<ReadonlyArray<Cut>, Conflict> => {
  const [segment, ...rest] = path
  if (segment === undefined) return Either.left({ offset: node.offset, why: "the whole document cannot be removed" })
  return Either.flatMap(indexIn(node, segment), (index) => {
    if (index === null) return Either.right([])
    if (rest.length === 0) return Either.right(cutting(text, node, index))
    const inside = valueIn(node, index)
    return inside === undefined ? Either.right([]) : removing(text, inside, rest)
  })
}

/** Takes out one child with its comma, and its line where nothing else stands on it. Comments stay. */
const cutting = (text: string, container: Node, index: number): ReadonlyArray<Cut> => {
  const children = childrenOf(container)
  const child = children[index]
  if (child === undefined) return []
  const open = container.offset + 1
  const close = endOf(container) - 1
  const previous = children[index - 1]
  const before = between(text, previous === undefined ? open : endOf(previous), child.offset)
  const after = between(text, endOf(child), children[index + 1]?.offset ?? close)
  if (children.length === 1 && before.lastComment === null && after.lastComment === null) return [{ from: open, to: close, text: "" }]
  const comma = after.comma ?? before.comma
  const joined = after.comma !== null && text.slice(endOf(child), after.comma).trim() === ""
  let from = child.offset
  let to = joined && after.comma !== null ? after.comma + 1 : endOf(child)
  const rest = /^[ \t]*(\r?\n)?/.exec(text.slice(to, close))
  const toLineEnd = rest?.[1] !== undefined
  if (beginsLine(text, from) && toLineEnd) {
    from -= indentationAt(text, from).length
    to += rest?.[0].length ?? 0
  } else if (toLineEnd || children[index + 1] === undefined) {
    const least = Math.max(previous === undefined ? open : endOf(previous), (before.comma ?? -1) + 1, before.lastComment?.end ?? 0)
    // A line comment before it must keep its end.
    if (before.lastComment?.kind !== "line") from = least + text.slice(least, from).trimEnd().length
  } else to += rest?.[0].length ?? 0
  return [{ from, to, text: "" }, ...(joined || comma === null ? [] : [{ from: comma, to: comma + 1, text: "" }])]
}

const commaToken = 5
const lineCommentToken = 12
const blockCommentToken = 13
const endToken = 17

/** The comma and the last comment in a stretch between values. */
const between = (text: string, from: number, to: number) => {
  const scanner = createScanner(text, false)
  scanner.setPosition(from)
  let comma: number | null = null
  let lastComment: { readonly end: number; readonly kind: "line" | "block" } | null = null
  for (let token: number = scanner.scan(); token !== endToken && scanner.getTokenOffset() < to; token = scanner.scan()) {
    if (token === commaToken) comma = scanner.getTokenOffset()
    else if (token === lineCommentToken || token === blockCommentToken) {
      lastComment = { end: scanner.getTokenOffset() + scanner.getTokenLength(), kind: token === lineCommentToken ? "line" : "block" }
    }
  }
  return { comma, lastComment }
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf("\n", offset - 1) + 1
const indentationAt = (text: string, offset: number): string => /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? ""
const beginsLine = (text: string, offset: number): boolean =>
  lineStart(text, offset) > 0 && indentationAt(text, offset).length === offset - lineStart(text, offset)

const styleOf = (text: string, root: Node): Style => {
  const newline = text.indexOf("\n")
  const first = childrenOf(root)[0]
  const own = first !== undefined && beginsLine(text, first.offset)
  return {
    eol: newline > 0 && text[newline - 1] === "\r" ? "\r\n" : "\n",
    unit: own ? indentationAt(text, first.offset).slice(indentationAt(text, root.offset).length) : "  ",
    compact: first !== undefined && !text.slice(root.offset, endOf(root)).includes("\n")
  }
}

/** The text between a name and its value. */
const colonOf = (text: string, property: Node): string => {
  const [name, value] = childrenOf(property)
  const found = name === undefined || value === undefined ? ": " : text.slice(endOf(name), value.offset)
  return /^[ \t]*:[ \t]*$/.test(found) ? found : ": "
}

/** The text between two things on one line. */
const gapOf = (text: string, container: Node, colon: string): string => {
  const [first, second] = childrenOf(container)
  if (first === undefined) return ""
  if (second === undefined) return colon.endsWith(" ") ? " " : ""
  const found = text.slice(endOf(first), second.offset).replace(",", "")
  return /^[ \t]*$/.test(found) ? found : " "
}

const render = (value: unknown, style: Style, indentation: string, tall: boolean, colon: string): string => {
  if (tall) return (JSON.stringify(value, null, style.unit) ?? "null").replaceAll("\n", style.eol + indentation)
  if (Array.isArray(value)) return `[${value.map((item) => render(item, style, "", false, colon)).join(colon.endsWith(" ") ? ", " : ",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  const items = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}${colon}${render(item, style, "", false, colon)}`)
  return `{${items.join(colon.endsWith(" ") ? ", " : ",")}}`
}
