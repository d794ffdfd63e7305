/** Stands for what was taken out, so that the words around it do not become neighbours. It is no word itself. */
const gap = " \u2026 "

const codeBlock = /^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^ {0,3}\1[`~]*[ \t]*$|(?![\s\S]))/gm
const inlineCode = /(?<!`)(`{1,3})(?!`)[^\n]*?[^`\n]\1(?!`)/g
const quotation = /^[ \t]*>[^\n]*$/gm
const stackFrame = /^[ \t]*(?:at [^\n]*:\d+\)?|File "[^"\n]*", line \d+[^\n]*)$/gm
/** At most a few sentences, and where words stand within quotation marks: `5" of it and 6" of that` has none. */
const quoted =
  /(?<![\p{L}\p{N}])"(?=\S)[^"\n]{1,500}(?<=\S)"(?![\p{L}\p{N}])|[\u201c\u201e][^\u201c-\u201f\n]{1,500}[\u201c\u201d]|\u00ab[^\u00ab\u00bb\n]{1,500}\u00bb/gu

/** A text without what its writer only shows: code, quotations, stack traces, words in quotes. Empty when there is nothing else. */
export const ownWords = (text: string): string => {
  let own = text
  if (/[`~]/.test(own)) own = own.replace(codeBlock, gap).replace(inlineCode, gap)
  if (own.includes(">")) own = own.replace(quotation, gap)
  if (/:\d|line \d/.test(own)) own = own.replace(stackFrame, gap)
  if (/["\u201c-\u201f\u00ab]/.test(own)) own = own.replace(quoted, gap)
  if (own === text) return text
  return /[^\s\u2026]/.test(own) ? own.trim() : ""
}
