// Sources as the scripts here read them: TypeScript 7 has no API for that.
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"

/** Every file in a folder and the folders below it. */
export const filesBelow = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    : []

/** The source with comments and the contents of strings blanked, of the same length. `keepText`: the contents of strings stay. */
export const skeletonOf = (source, { keepText = false } = {}) => {
  const out = [...source].length === source.length ? source.split("") : Array.from({ length: source.length }, (_, i) => source[i])
  const blank = (from, to) => {
    for (let i = from; i < to && i < out.length; i++) if (out[i] !== "\n") out[i] = " "
  }
  const blankText = keepText ? () => {} : blank
  // Where a template's `${` was opened, how deep its braces are.
  const templates = []
  let lastCode = ""
  let i = 0
  const template = () => {
    const from = i
    while (i < source.length && source[i] !== "`") {
      if (source[i] === "\\") i++
      else if (source[i] === "$" && source[i + 1] === "{") {
        blankText(from, i)
        i += 2
        templates.push(0)
        lastCode = "{"
        return
      }
      i++
    }
    blankText(from, i)
    i++
    lastCode = "`"
  }
  while (i < source.length) {
    const c = source[i]
    if (c === "/" && source[i + 1] === "/") {
      const end = source.indexOf("\n", i)
      blank(i, end < 0 ? source.length : end)
      i = end < 0 ? source.length : end
    } else if (c === "/" && source[i + 1] === "*") {
      const end = source.indexOf("*/", i + 2)
      const to = end < 0 ? source.length : end + 2
      blank(i, to)
      i = to
    } else if (c === '"' || c === "'") {
      let j = i + 1
      while (j < source.length && source[j] !== c && source[j] !== "\n") j += source[j] === "\\" ? 2 : 1
      blankText(i + 1, j)
      i = j + 1
      lastCode = c
    } else if (c === "/" && /[(,=:[!&|?{};+*%<>~^-]|^$/.test(lastCode)) {
      let j = i + 1
      for (let inClass = false; j < source.length && (inClass || source[j] !== "/") && source[j] !== "\n"; j++) {
        if (source[j] === "\\") j++
        else if (source[j] === "[") inClass = true
        else if (source[j] === "]") inClass = false
      }
      blankText(i + 1, j)
      i = j + 1
      lastCode = "/"
    } else if (c === "`") {
      i++
      template()
    } else {
      if (templates.length > 0 && c === "{") templates[templates.length - 1]++
      if (templates.length > 0 && c === "}" && templates[templates.length - 1]-- === 0) {
        templates.pop()
        i++
        template()
        continue
      }
      if (!/\s/.test(c)) lastCode = c
      i++
    }
  }
  return out.join("")
}
