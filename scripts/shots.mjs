#!/usr/bin/env node
// Screenshots of every page of the dashboard, in both themes and three widths, of a coordinator on the bundled samples: shots/PAGE-THEME-WIDTH.png. `shots.mjs [PAGE…]`
import { spawn } from "node:child_process"
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { bun, requireBun, root } from "./installed.mjs"

requireBun()
const folder = mkdtempSync(join(tmpdir(), "han-shots-"))
const [home, claude] = [join(folder, "home"), join(folder, "claude")]
const shots = join(root, "shots")
mkdirSync(shots, { recursive: true })

const copy = (from, to) => {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copy(join(from, entry.name), join(to, entry.name))
    else writeFileSync(join(to, entry.name), readFileSync(join(from, entry.name)))
  }
}
const samples = join(root, "fixtures", "claude-code")
for (const sample of readdirSync(samples)) {
  const projects = join(samples, sample, "config", "projects")
  if (existsSync(projects)) copy(projects, join(claude, "projects"))
}

const at = (secondsAgo) => new Date(Date.now() - secondsAgo * 1000).toISOString()
const line = (session, index, secondsAgo, more) => ({
  parentUuid: index === 0 ? null : `${session}-${index - 1}`,
  isSidechain: false,
  userType: "external",
  cwd: more.cwd ?? "/home/dev/shop",
  sessionId: session,
  version: "2.1.330",
  gitBranch: more.branch ?? "checkout",
  uuid: `${session}-${index}`,
  timestamp: at(secondsAgo),
  ...more.line
})
const said = (text) => ({ type: "user", message: { role: "user", content: text } })
const answered = (content, { model = "claude-opus-4-5-20251101", usage = {}, id } = {}) => ({
  type: "assistant",
  requestId: `req_${id}`,
  message: {
    id: `msg_${id}`,
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason: "end_turn",
    usage: { input_tokens: 1200, output_tokens: 850, cache_read_input_tokens: 48_000, cache_creation_input_tokens: 5200, ...usage }
  }
})
const use = (id, name, input) => ({ type: "tool_use", id, name, input })
const got = (id, content, isError = false) => ({
  type: "user",
  message: { role: "user", content: [{ type: "tool_result", tool_use_id: id, content, is_error: isError }] }
})
const write = (session, project, lines) => {
  const path = join(claude, "projects", project)
  mkdirSync(path, { recursive: true })
  appendFileSync(join(path, `${session}.jsonl`), lines.map((one) => `${JSON.stringify(one)}\n`).join(""))
}

/** A session at work, with all that a conversation shows. */
const busy = "5e551000-0000-4000-8000-000000000001"
const busyLines = [
  said("Totals in the basket are wrong by a cent when a discount applies. Find out why, fix it, and add a test that fails before the fix."),
  answered(
    [
      { type: "thinking", thinking: "A cent off smells like rounding: each line is rounded, then the sum.\nLook at the basket first.", signature: "x" },
      { type: "text", text: "A cent off usually means that **each line is rounded before they are added up**. I look at how the basket sums first." },
      use("b1", "Grep", { pattern: "round\\(", path: "/home/dev/shop/src" })
    ],
    { id: "b1" }
  ),
  got(
    "b1",
    "src/basket/total.ts:14:  return lines.reduce((sum, line) => sum + round(line.price * line.quantity * (1 - discount)), 0)\nsrc/basket/total.ts:31:const round = (cents: number) => Math.round(cents)"
  ),
  answered([use("b2", "Bash", { command: "npx vitest run src/basket --reporter=verbose", description: "Run the tests of the basket" })], { id: "b2" }),
  got(
    "b2",
    " \u001b[1m\u001b[46m RUN \u001b[49m\u001b[22m v3.2.7 /home/dev/shop\n\n \u001b[32m✓\u001b[39m src/basket/total.test.ts \u001b[2m(3 tests)\u001b[22m 12ms\n   \u001b[32m✓\u001b[39m An empty basket costs nothing\n   \u001b[32m✓\u001b[39m Quantities multiply\n   \u001b[31m✕\u001b[39m A discount applies to the whole \u001b[33m8ms\u001b[39m\n     \u001b[31m→ expected 1798 to be 1799\u001b[39m\n\n\u001b[2m Test Files \u001b[22m \u001b[1m\u001b[31m1 failed\u001b[39m\u001b[22m (1)\n\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[31m1 failed\u001b[39m\u001b[22m | \u001b[32m2 passed\u001b[39m (3)",
    true
  ),
  answered(
    [
      { type: "text", text: "Confirmed. The sum has to be rounded once, at its end:" },
      use("b3", "Edit", {
        file_path: "/home/dev/shop/src/basket/total.ts",
        old_string:
          "export const total = (lines: ReadonlyArray<Line>, discount: number): number => {\n  return lines.reduce((sum, line) => sum + round(line.price * line.quantity * (1 - discount)), 0)\n}",
        new_string:
          "/** In cents. Rounded once: a cent for each line adds up. */\nexport const total = (lines: ReadonlyArray<Line>, discount: number): number => {\n  const sum = lines.reduce((sum, line) => sum + line.price * line.quantity, 0)\n  return round(sum * (1 - discount))\n}"
      })
    ],
    { id: "b3" }
  ),
  got("b3", "The file /home/dev/shop/src/basket/total.ts has been updated."),
  answered(
    [
      use("b4", "TodoWrite", {
        todos: [
          { content: "Find where it is rounded", status: "completed", activeForm: "Finding where it is rounded" },
          { content: "Round once", status: "completed", activeForm: "Rounding once" },
          { content: "Test three lines with a discount", status: "in_progress", activeForm: "Testing three lines with a discount" }
        ]
      })
    ],
    { id: "b4" }
  ),
  got("b4", "Todos have been modified successfully."),
  answered(
    [
      {
        type: "text",
        text: "The total is right now. What changed:\n\n| File | Change |\n|---|---|\n| `src/basket/total.ts` | rounds the sum, not each line |\n| `src/basket/total.test.ts` | three lines with 7 % off |\n\n```ts\nexpect(total([line(599), line(600), line(600)], 0.07)).toBe(1673)\n```\n\n1. Prices stay integers of cents.\n2. `round` is called **once**.\n\nShall I look for the same mistake in the invoice?"
      }
    ],
    { id: "b5" }
  )
]
write(
  busy,
  "-home-dev-shop",
  busyLines.map((one, index) => line(busy, index, 260 - index * 22, { line: one }))
)

const models = ["claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001"]
const works = [
  "Move the invoice to the new tax table",
  "Why is the search slow for short words?",
  "Rename customer to buyer everywhere",
  "Write the changelog of 4.2",
  "Flaky test of the checkout",
  "Upgrade to Node 24",
  "Explain how sessions expire",
  "Dark mode of the receipt"
]
for (let day = 0; day < 28; day++) {
  for (let turn = 0; turn < 1 + ((day * 7) % 4); turn++) {
    const session = `5e55${String(1000 + day * 10 + turn)}-0000-4000-8000-00000000000a`
    const begun = day * 86_400 + 3600 * (2 + turn * 2)
    const usage = {
      input_tokens: 4000 + ((day * 977) % 7000),
      output_tokens: 3000 + ((day * 1319 + turn * 733) % 21_000),
      cache_read_input_tokens: 400_000 + ((day * 40_127) % 1_400_000)
    }
    const lines = [
      said(works[(day + turn * 3) % works.length]),
      answered([{ type: "text", text: "Done." }], { id: `${session}`, model: models[(day + turn) % 3], usage })
    ]
    write(
      session,
      turn % 2 === 0 ? "-home-dev-shop" : "-home-dev-billing",
      lines.map((one, index) =>
        line(session, index, begun - index * 60, {
          cwd: turn % 2 === 0 ? "/home/dev/shop" : "/home/dev/billing",
          branch: ["main", "checkout", "tax-2027"][day % 3],
          line: one
        })
      )
    )
  }
}

const waiting = "5e551000-0000-4000-8000-000000000002"
write(
  waiting,
  "-home-dev-billing",
  [
    said("Draft the migration of the invoices table, and stop before you run it."),
    answered([{ type: "text", text: "The draft is in `migrations/0042_invoices.sql`. It takes a lock for about 3 s. Shall I run it?" }], { id: "w1" })
  ].map((one, index) => line(waiting, index, 120 - index * 40, { cwd: "/home/dev/billing", branch: "tax-2027", line: one }))
)

const child = spawn(bun, ["--conditions=han-source", join(root, "packages", "cli", "src", "bin.ts"), "coordinator", "serve", "--port", "0"], {
  env: { ...process.env, HAN_HOME: home, CLAUDE_CONFIG_DIR: claude, HOME: folder },
  stdio: ["ignore", "pipe", "inherit"]
})
const end = async (code) => {
  child.kill("SIGTERM")
  await new Promise((resolve) => child.on("exit", resolve))
  rmSync(folder, { recursive: true, force: true })
  process.exit(code)
}
await new Promise((resolve) => {
  let text = ""
  child.stdout.on("data", (data) => {
    text += data
    if (text.includes("everything is indexed")) resolve()
  })
})
const port = readFileSync(join(home, "port"), "utf8").trim()
const token = readFileSync(join(home, "token"), "utf8").trim()
const base = `http://127.0.0.1:${port}`

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
})
const pages = {
  sessions: ["/", async (page) => void (await page.keyboard.press("j"))],
  preview: [
    "/",
    async (page) => {
      await page.keyboard.press("j")
      await page.keyboard.press("Space")
      await page.waitForTimeout(500)
    }
  ],
  session: [`/s/${busy}`],
  files: [`/s/${busy}?tab=files`],
  sessionusage: [`/s/${busy}?tab=usage`],
  subagents: ["/s/6f98be24-c350-4312-9c8d-ea91b7333a1d"],
  search: ["/search?q=round"],
  usage: ["/usage"],
  gates: ["/gates"],
  projects: ["/projects"],
  sync: ["/sync"],
  settings: ["/settings"],
  palette: [
    "/",
    async (page) => {
      await page.keyboard.press("Control+k")
      await page.keyboard.type("in")
      await page.waitForTimeout(500)
    }
  ]
}
const asked = process.argv.slice(2)
for (const theme of process.env.SHOTS_THEMES?.split(",") ?? ["light", "dark"]) {
  for (const width of (process.env.SHOTS_WIDTHS ?? "360,1024,1600").split(",").map(Number)) {
    const context = await browser.newContext({ viewport: { width, height: width < 500 ? 780 : 900 }, colorScheme: theme })
    const page = await context.newPage()
    page.on("console", (message) => message.type() === "error" && console.log(`${theme} ${width}: ${message.text()}`))
    page.on("pageerror", (error) => console.log(`${theme} ${width}: ${error.stack}`))
    await page.goto(`${base}/open?token=${token}`)
    for (const [name, [path, act]] of Object.entries(pages)) {
      if (asked.length > 0 && !asked.includes(name)) continue
      await page.goto(`${base}${path}`)
      await page.waitForTimeout(Number(process.env.SHOTS_WAIT ?? 900))
      await act?.(page)
      await page.waitForTimeout(150)
      await page.screenshot({ path: join(shots, `${name}-${theme}-${width}.png`) })
    }
    await context.close()
  }
}
await browser.close()
await end(0)
