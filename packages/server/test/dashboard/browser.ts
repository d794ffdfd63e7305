import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll } from "vitest"
import { type Place, place, started } from "../coordinators.ts"

/** A page of a browser that was let in, and what it did beside what it shows. */
export interface Seen {
  readonly page: Page
  readonly base: string
  /** Addresses that were asked for. */
  readonly requests: ReadonlyArray<string>
  /** What the policy of the page, its scripts and Relay complained of. */
  readonly complaints: ReadonlyArray<string>
}

export interface Dashboard {
  readonly here: Place
  readonly base: string
  readonly token: string
  /** Ends the coordinator, does what is to happen meanwhile, and starts it again at the same port. */
  readonly restart: (meanwhile: () => Promise<void>) => Promise<void>
  readonly open: (options?: { readonly width?: number; readonly dark?: boolean; readonly letIn?: boolean }) => Promise<Seen>
}

const samples = fileURLToPath(new URL("../../../../fixtures/claude-code", import.meta.url))
const longestMs = 30_000

/** Debian's, or whatever CHROMIUM names. */
const program = process.env["CHROMIUM"] ?? "/usr/bin/chromium"
const quiet = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync".split(" ")

/** Lines of a transcript by what is in their messages, a second apart, the last of them now. */
export const put = (
  { claude }: Place,
  session: string,
  messages: ReadonlyArray<object>,
  options: { readonly cwd?: string; readonly from?: number } = {}
): void => {
  const path = Path.join(claude, "projects", "-work-place", `${session}.jsonl`)
  Fs.mkdirSync(Path.dirname(path), { recursive: true })
  const { cwd = "/work/place", from = 0 } = options
  const lines = messages.map((message, index) => ({
    parentUuid: from + index === 0 ? null : `${session}-${from + index - 1}`,
    isSidechain: false,
    userType: "external",
    cwd,
    sessionId: session,
    version: "2.1.330",
    gitBranch: "main",
    uuid: `${session}-${from + index}`,
    timestamp: new Date(Date.now() - (messages.length - index) * 1000).toISOString(),
    ...message
  }))
  Fs.appendFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""))
}
export const prompt = (text: string) => ({ type: "user", message: { role: "user", content: text } })
export const answer = (id: string, content: ReadonlyArray<object>) => ({
  type: "assistant",
  requestId: `req_${id}`,
  message: {
    id: `msg_${id}`,
    type: "message",
    role: "assistant",
    model: "claude-opus-4-5-20251101",
    content,
    stop_reason: "end_turn",
    usage: { input_tokens: 1000, output_tokens: 500, cache_read_input_tokens: 20_000, cache_creation_input_tokens: 0 }
  }
})
export const text = (text: string) => ({ type: "text", text })
export const use = (id: string, name: string, input: object) => ({ type: "tool_use", id, name, input })
export const result = (id: string, content: string, isError = false) => ({
  type: "user",
  message: { role: "user", content: [{ type: "tool_result", tool_use_id: id, content, is_error: isError }] }
})

const copyTree = (from: string, to: string): void => {
  Fs.mkdirSync(to, { recursive: true })
  for (const entry of Fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [Path.join(from, entry.name), Path.join(to, entry.name)]
    if (entry.isDirectory()) copyTree(source, target)
    else Fs.writeFileSync(target, Fs.readFileSync(source))
  }
}

/** A coordinator on the samples and on what `fill` writes, as a process of its own, and Chromium. To be asked for within tests. */
export const dashboard = (fill: (here: Place) => void): (() => Dashboard) => {
  const scope = Effect.runSync(Scope.make())
  const contexts: Array<BrowserContext> = []
  let browser: Browser | undefined
  let ready: Dashboard | undefined
  beforeAll(async () => {
    if (!Fs.existsSync(program)) throw new Error(`there is no browser at ${program}: install Debian's package chromium, or name another with CHROMIUM`)
    const here = await Effect.runPromise(Scope.extend(place, scope))
    for (const sample of Fs.readdirSync(samples)) {
      const projects = Path.join(samples, sample, "config", "projects")
      if (Fs.existsSync(projects)) copyTree(projects, Path.join(here.claude, "projects"))
    }
    fill(here)
    const start = async (port: string) => {
      const { han, running } = await Effect.runPromise(Scope.extend(started(here, { argv: ["serve", "--port", port] }), scope))
      await han.index()
      return running
    }
    let running = await start("0")
    browser = await chromium.launch({ executablePath: program, args: quiet })
    const read = (name: string) => Fs.readFileSync(Path.join(here.home, name), "utf8").trim()
    const base = `http://127.0.0.1:${read("port")}`
    const token = read("token")
    const restart = async (meanwhile: () => Promise<void>) => {
      running.process.kill("SIGTERM")
      await running.exited
      await meanwhile()
      running = await start(new URL(base).port)
    }
    ready = { here, base, token, restart, open: (options) => opened(browser, contexts, base, token, options) }
  })
  afterAll(async () => {
    for (const context of contexts) await context.close()
    await browser?.close()
    await Effect.runPromise(Scope.close(scope, Exit.void))
  })
  return () => {
    if (ready === undefined) throw new Error("the dashboard is not there yet")
    return ready
  }
}

const opened = async (
  browser: Browser | undefined,
  contexts: Array<BrowserContext>,
  base: string,
  token: string,
  { dark = false, letIn = true, width = 1280 }: Parameters<Dashboard["open"]>[0] = {}
): Promise<Seen> => {
  if (browser === undefined) throw new Error("there is no browser")
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" })
  contexts.push(context)
  const page = await context.newPage()
  page.setDefaultTimeout(longestMs)
  const requests: Array<string> = []
  const complaints: Array<string> = []
  page.on("request", (request) => requests.push(request.url()))
  page.on("websocket", (socket) => requests.push(socket.url()))
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text())
  })
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      const { blockedURI, violatedDirective } = event as SecurityPolicyViolationEvent
      console.error(`policy: ${violatedDirective} ${blockedURI}`)
    })
  })
  if (letIn) await page.goto(`${base}/open?token=${token}`)
  return { page, base, requests, complaints }
}
