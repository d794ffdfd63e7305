import * as Fs from "node:fs"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { make } from "../../src/http/Dashboard.ts"

// Waited for: the pages are built with the programs.
import "../../../../test/binaries.ts"

const path = fileURLToPath(new URL("../../dashboard/dashboard.pages", import.meta.url))
const files: Readonly<Record<string, { readonly type: string; readonly gzip: string }>> = JSON.parse(Fs.readFileSync(path, "utf8"))
const { answer } = make(files)

const sizeOf = (name: string) => Buffer.from(files[name]?.gzip ?? "", "base64").length
const textOf = (name: string) => gunzipSync(Buffer.from(files[name]?.gzip ?? "", "base64")).toString()
const scripts = Object.keys(files).filter((name) => name.endsWith(".js"))
/** A script with all that it cannot begin without. */
const closure = (name: string, seen = new Set<string>()): ReadonlySet<string> => {
  if (seen.has(name)) return seen
  seen.add(name)
  for (const match of textOf(name).matchAll(/(?:from|import)\s*["'`]\.\/([\w-]+\.js)["'`]/g)) closure(`/assets/${match[1]}`, seen)
  return seen
}
const sum = (names: Iterable<string>) => [...names].reduce((size, name) => size + sizeOf(name), 0)

describe("the files of the dashboard", () => {
  it("The first page and a session are small", () => {
    const entry = /src="(\/assets\/[\w-]+\.js)"/.exec(textOf("/index.html"))?.[1] ?? ""
    const first = closure(entry)
    const session = closure(scripts.find((name) => name.includes("/SessionPage-")) ?? "")
    const more = [...session].filter((name) => !first.has(name))
    expect(first.size).toBeGreaterThan(0)
    expect(more.length).toBeGreaterThan(0)
    expect(sum(first)).toBeLessThan(200_000)
    expect(sum(more)).toBeLessThan(80_000)
    // A grammar is a file of its own, loaded where its language is met.
    expect(sum(scripts.filter((name) => !textOf(name).includes("scopeName")))).toBeLessThan(600_000)
  })

  it("Pages name only their own files, and hold neither scripts nor styles of their own", () => {
    const page = textOf("/index.html")
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|style=|\bon\w+=|https?:/)
    for (const [, name] of page.matchAll(/(?:src|href)="([^"]+)"/g)) expect(Object.keys(files)).toContain(name)
  })

  it("A file of a build is kept for good, a page never, and what is not the dashboard's is left alone", async () => {
    const get = (path: string, init: RequestInit = {}) => answer(new Request(`http://127.0.0.1${path}`, init))
    const script = scripts[0] ?? ""
    expect(get(script)?.headers.get("cache-control")).toContain("immutable")
    expect(await get(script)?.text()).toBe(textOf(script))
    expect(get(script, { headers: { "accept-encoding": "gzip, br" } })?.headers.get("content-encoding")).toBe("gzip")
    for (const path of ["/", "/s/abc", "/p/x?y=z", "/usage", "/anything"]) {
      const page = get(path)
      expect([path, page?.status, page?.headers.get("cache-control")]).toEqual([path, 200, "no-cache"])
      const policy = page?.headers.get("content-security-policy") ?? ""
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("require-trusted-types-for 'script'")
      expect(policy).not.toMatch(/unsafe|https?:|data:|\*/)
    }
    for (const path of [
      "/graphql",
      "/api/x",
      "/auth/login",
      "/webhooks/a",
      "/open",
      "/health",
      "/ready",
      "/metrics",
      "/mcp",
      "/hooks/Stop",
      "/blob/a/1",
      "/assets/none.js",
      "/.well-known/han.json"
    ])
      expect([path, get(path)]).toEqual([path, undefined])
    expect(get("/", { method: "POST" })).toBeUndefined()
  })
})
