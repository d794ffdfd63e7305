import { useEffect, useState } from "react"
import address from "./highlight.worker.ts?worker&url"

export interface Wanted {
  readonly id: number
  readonly code: string
  readonly language: string
}
/** Lines in pieces, each with the name of its style; null when nothing is known of the language. */
export type Coloured = ReadonlyArray<ReadonlyArray<{ readonly text: string; readonly style: string | undefined }>> | null

const names: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    "bash c css diff go html java javascript json jsx python ruby rust sql toml tsx typescript yaml".split(" ").map((name) => [name, name])
  ),
  ts: "typescript",
  mts: "typescript",
  cts: "typescript",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  sh: "bash",
  shell: "bash",
  zsh: "bash",
  console: "bash",
  py: "python",
  rs: "rust",
  rb: "ruby",
  h: "c",
  yml: "yaml",
  jsonc: "json",
  patch: "diff",
  htm: "html"
}

/** The language of a file, or of a name that Markdown gives it; undefined for one whose colours are not known. */
export const languageOf = (name: string | undefined): string | undefined => names[(name?.split(".").at(-1) ?? "").toLowerCase()]

/** More than anybody reads at once is shown without colours. */
const maxCode = 30_000
const maxKept = 300

const kept = new Map<string, Coloured>()
const waiting = new Map<number, (lines: Coloured) => void>()
let worker: Worker | undefined
let count = 0

interface TrustedTypes {
  readonly createPolicy: (name: string, rules: { readonly createScriptURL: (url: string) => string }) => { readonly createScriptURL: (url: string) => string }
}

/** The one script that a page starts by its address: its own worker. */
const trusted = (url: string): string => {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes }
  if (trustedTypes === undefined) return url
  const policy = trustedTypes.createPolicy("han-worker", {
    createScriptURL: (asked) => {
      if (asked !== address) throw new TypeError("only the worker of this page")
      return asked
    }
  })
  return policy.createScriptURL(url)
}

const started = (): Worker => {
  if (worker !== undefined) return worker
  worker = new Worker(trusted(address), { type: "module" })
  worker.addEventListener("message", ({ data: { id, lines } }: MessageEvent<{ readonly id: number; readonly lines: Coloured }>) => {
    waiting.get(id)?.(lines)
    waiting.delete(id)
  })
  return worker
}

const asked = (code: string, language: string): Promise<Coloured> =>
  new Promise((resolve) => {
    const id = count++
    waiting.set(id, resolve)
    started().postMessage({ id, code, language } satisfies Wanted)
  })

/** The code in colours, once they are known; null before, and when they are not. */
export const useColours = (code: string, language: string | undefined): Coloured => {
  const key = `${language}\n${code}`
  const [, redraw] = useState(0)
  const known = language === undefined || code.length > maxCode ? null : kept.get(key)
  useEffect(() => {
    if (known !== undefined || language === undefined) return
    let over = false
    void asked(code, language).then((lines) => {
      const oldest = kept.keys().next()
      if (kept.size >= maxKept && oldest.done !== true) kept.delete(oldest.value)
      kept.set(key, lines)
      if (!over) redraw((turn) => turn + 1)
    })
    return () => {
      over = true
    }
  }, [code, language, key, known])
  return known ?? null
}
