import { createCssVariablesTheme, createHighlighterCore, type HighlighterCore, type LanguageInput } from "shiki/core"
import { createJavaScriptRegexEngine } from "shiki/engine/javascript"
import type { Coloured, Wanted } from "./highlighting.ts"

/** Each is a file of its own, loaded when a language is first met. */
const grammars: Readonly<Record<string, LanguageInput>> = {
  bash: () => import("shiki/langs/bash.mjs"),
  c: () => import("shiki/langs/c.mjs"),
  css: () => import("shiki/langs/css.mjs"),
  diff: () => import("shiki/langs/diff.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  html: () => import("shiki/langs/html.mjs"),
  java: () => import("shiki/langs/java.mjs"),
  javascript: () => import("shiki/langs/javascript.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  jsx: () => import("shiki/langs/jsx.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  ruby: () => import("shiki/langs/ruby.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  toml: () => import("shiki/langs/toml.mjs"),
  tsx: () => import("shiki/langs/tsx.mjs"),
  typescript: () => import("shiki/langs/typescript.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs")
}

let made: Promise<HighlighterCore> | undefined
const highlighter = () => {
  made ??= createHighlighterCore({
    themes: [createCssVariablesTheme({ name: "han", variablePrefix: "--", fontStyle: false })],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true })
  })
  return made
}

/** `--token-keyword` is the style `keyword`. */
const styleOf = (color: string | undefined): string | undefined => /--token-([\w-]+)/.exec(color ?? "")?.[1]

const coloured = async ({ code, language }: Wanted): Promise<Coloured> => {
  const grammar = grammars[language]
  if (grammar === undefined) return null
  const { codeToTokensBase, getLoadedLanguages, loadLanguage } = await highlighter()
  if (!getLoadedLanguages().includes(language)) await loadLanguage(grammar)
  return codeToTokensBase(code, { lang: language, theme: "han", tokenizeMaxLineLength: 2000 }).map((line) =>
    line.map(({ color, content }) => ({ text: content, style: styleOf(color) }))
  )
}

addEventListener("message", ({ data }: MessageEvent<Wanted>) => {
  coloured(data).then(
    (lines) => postMessage({ id: data.id, lines }),
    // Code that a grammar cannot read is shown as it is.
    () => postMessage({ id: data.id, lines: null })
  )
})
