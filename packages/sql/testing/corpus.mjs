#!/usr/bin/env node
// Writes a Claude Code configuration folder full of transcripts, the same bytes for the same options, and what an indexer must find in it.
//   node corpus.mjs --out DIR [--seed 1] [--sessions 100] [--lines 300] [--chaos] [--shapes]
// DIR/projects/<slug>/<session>.jsonl (+ <session>/subagents/agent-*.jsonl and .meta.json), DIR/expected.json.
// Shapes follow Claude Code 2.1.330: one line a content block with the same message.id and requestId and a growing usage (the last line counts), 5-minute and 1-hour
// cache writes, subagents, attachments, queue operations, compaction, tool results. --chaos adds forks (history copied under a new session id), spliced and broken lines,
// NUL runs, CRLF, a half-written last line, unknown line types, refused tasks, lines of 2 MB, and text that breaks careless byte slicing.
// --shapes adds what corpusShapes.mjs says. Counts in expected.json are of distinct things: what a fork copied (same uuid, same API ids) belongs to the session that made it and is not counted again; filesTouched = distinct (that session, path); `sessions`, `transcripts`, `lines`, `bytes` are of files.
import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { addShapes } from "./corpusShapes.mjs"

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : process.argv[at + 1]
}
const out = option("out")
if (!out) {
  console.error("usage: corpus.mjs --out DIR [--seed 1] [--sessions 100] [--lines 300] [--chaos] [--shapes]")
  process.exit(2)
}
const seed = Number(option("seed", 1)),
  sessionCount = Number(option("sessions", 100)),
  lineCount = Number(option("lines", 300))
const chaos = process.argv.includes("--chaos")

let state = (seed * 2654435761) >>> 0
const random = () => {
  // mulberry32
  state = (state + 0x6d2b79f5) >>> 0
  let t = state
  t = Math.imul(t ^ (t >>> 15), t | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const int = (low, high) => low + Math.floor(random() * (high - low + 1))
const pick = (list) => list[int(0, list.length - 1)]
let serial = 0
const hex = (n) => createHash("sha256").update(`${seed}:${serial++}`).digest("hex").slice(0, n)
const uuid = () => {
  const h = hex(32)
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20, 32)}`
}

const words = (
  "index session transcript journal token cache hook lint build deploy query schema relay socket stream buffer retry backoff cursor ledger price team server client parser " +
  "compiler module import export layer effect fiber queue worker thread lock file path byte offset line chunk batch commit branch merge review test fixture golden property fuzz " +
  "migrate table column trigger rank snippet vector search filter order page edge node mutation subscription event command projection replay snapshot archive restore backup"
).split(" ")
const odd = [
  "naïve café",
  "日本語のテスト",
  "emoji 👩‍👩‍👧‍👦🚀",
  "e\u0301 combining",
  'quote " and \\ slash',
  "<b>not html</b>",
  "\u2028separator",
  "tab\tand\u0007bell"
]
const text = (n) => {
  const parts = []
  for (let i = 0; i < n; i++) parts.push(pick(words))
  if (chaos && random() < 0.2) parts.push(pick(odd))
  return parts.join(" ")
}

// USD per million tokens: input, output, cache read, 5-minute cache write, 1-hour cache write.
const prices = {
  "claude-opus-4-5-20251101": [5, 25, 0.5, 6.25, 10],
  "claude-sonnet-4-5-20250929": [3, 15, 0.3, 3.75, 6],
  "claude-haiku-4-5-20251001": [1, 5, 0.1, 1.25, 2]
}
const models = Object.keys(prices)
const expected = {
  options: { seed, sessions: sessionCount, lines: lineCount, chaos },
  bytes: 0,
  transcripts: 0,
  lines: 0,
  completeLines: 0,
  unreadableLines: 0,
  unknownTypeLines: 0,
  sessions: 0,
  subagents: 0,
  forks: 0,
  userPrompts: 0,
  apiResponses: 0,
  toolCalls: 0,
  toolErrors: 0,
  compactions: 0,
  tasks: { created: 0, completed: 0 },
  filesTouched: 0,
  tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 },
  byModel: {},
  costNanoUsd: 0,
  markers: {}
}
const files = new Set()
const start = Date.parse("2026-06-01T08:00:00.000Z")

// What tokens cost, of a response or of a part of one that is charged by itself.
const price = (model, u) => {
  const [input, output, read, write5, write1] = prices[model]
  const cost = Math.round(1000 * (u.input * input + u.output * output + u.read * read + u.write5 * write5 + u.write1 * write1)) // exact: a price has at most three decimals
  const m = (expected.byModel[model] ??= { responses: 0, input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, costNanoUsd: 0 })
  for (const target of [expected.tokens, m]) {
    target.input += u.input
    target.output += u.output
    target.cacheRead += u.read
    target.cacheWrite5m += u.write5
    target.cacheWrite1h += u.write1
  }
  m.costNanoUsd += cost
  expected.costNanoUsd += cost
}
const count = (model, u) => {
  // once for each API response, wherever its lines are copied to
  price(model, u)
  expected.byModel[model].responses++
  expected.apiResponses++
}
const usage = (u, output) => ({
  input_tokens: u.input,
  cache_creation_input_tokens: u.write5 + u.write1,
  cache_read_input_tokens: u.read,
  output_tokens: output,
  cache_creation: { ephemeral_5m_input_tokens: u.write5, ephemeral_1h_input_tokens: u.write1 },
  service_tier: "standard"
})

function transcript({ session, cwd, branch, at, lines, agent, marker, board }) {
  const rows = []
  let parent = null,
    clock = at
  const put = (row) => {
    const line = {
      parentUuid: parent,
      isSidechain: agent !== undefined,
      ...(agent && { agentId: agent }),
      ...row,
      uuid: uuid(),
      timestamp: new Date(clock).toISOString(),
      userType: "external",
      cwd,
      sessionId: session,
      version: "2.1.330",
      gitBranch: branch
    }
    parent = line.uuid
    rows.push(line)
    clock += int(200, 9000)
  }
  const user = (content, extra = {}) => put({ type: "user", message: { role: "user", content }, ...extra })
  const answer = (blocks) => {
    const model = pick(models)
    const u = {
      input: int(3, 900),
      output: int(20, 3000),
      read: int(0, 90000),
      write5: random() < 0.5 ? int(0, 9000) : 0,
      write1: random() < 0.4 ? int(0, 9000) : 0
    }
    const id = `msg_${hex(22)}`,
      requestId = `req_${hex(22)}`
    for (const [i, block] of blocks.entries())
      put({
        type: "assistant",
        requestId,
        message: {
          id,
          type: "message",
          role: "assistant",
          model,
          content: [block],
          stop_reason: i === blocks.length - 1 ? (block.type === "tool_use" ? "tool_use" : "end_turn") : null,
          stop_sequence: null,
          usage: usage(u, i === blocks.length - 1 ? u.output : Math.max(1, Math.floor((u.output * (i + 1)) / (blocks.length + 1))))
        }
      })
    count(model, u)
  }
  const call = (name, input, result, isError = false, structured) => {
    const id = `toolu_${hex(22)}`
    expected.toolCalls++
    if (isError) expected.toolErrors++
    const blocks = []
    if (random() < 0.3) blocks.push({ type: "thinking", thinking: text(int(10, 80)), signature: hex(40) })
    if (random() < 0.6) blocks.push({ type: "text", text: text(int(5, 60)) })
    blocks.push({ type: "tool_use", id, name, input })
    answer(blocks)
    user([{ tool_use_id: id, type: "tool_result", content: result, ...(isError && { is_error: true }) }], {
      toolUseResult: isError ? `Error: ${result.slice(0, 200)}` : (structured ?? { stdout: result.slice(0, 200) }),
      sourceToolAssistantUUID: parent
    })
  }
  if (!agent) rows.push({ type: "queue-operation", operation: "enqueue", timestamp: new Date(clock).toISOString(), sessionId: session, content: text(4) })
  user(marker ? `${text(int(6, 30))} ${marker}` : text(int(6, 30)))
  expected.userPrompts++
  if (!agent) put({ type: "attachment", attachment: { type: "date", date: "2026-06-01" }, rendered: [{ content: text(12) }] })
  while (rows.length < lines) {
    const r = random()
    if (r < 0.08) {
      user(text(int(5, 40)))
      expected.userPrompts++
    } else if (r < 0.3) answer([{ type: "text", text: text(int(20, 200)) }])
    else if (r < 0.45) call("Bash", { command: `npm test -- ${pick(words)}`, description: text(4) }, text(int(20, 400)), random() < 0.1)
    else if (r < 0.6) call("Read", { file_path: `${cwd}/src/${pick(words)}.ts` }, text(int(50, 600)))
    else if (r < 0.75) {
      const file_path = `${cwd}/src/${pick(words)}.ts`
      files.add(`${session}:${file_path}`)
      call("Edit", { file_path, old_string: text(6), new_string: text(9) }, "The file has been updated.")
    } else if (r < 0.8) {
      const file_path = `${cwd}/src/new-${pick(words)}.ts`
      files.add(`${session}:${file_path}`)
      call("Write", { file_path, content: text(int(20, 200)) }, "File created.")
    } else if (r < 0.86) {
      const subject = text(4),
        input = { subject, description: text(10), activeForm: text(3) }
      if (chaos && random() < 0.1)
        call("TaskCreate", input, "TaskCreated hook feedback: not this one", true) // refused: there is no task
      else {
        const id = String(++board.last)
        board.open.push(id)
        call("TaskCreate", input, `Task #${id} created successfully: ${subject}`, false, { task: { id, subject } })
        expected.tasks.created++
      }
    } else if (r < 0.9 && board.open.length > 0) {
      const id = board.open.shift()
      call("TaskUpdate", { taskId: id, status: "completed" }, `Updated task #${id} status`, false, {
        success: true,
        taskId: id,
        updatedFields: ["status"],
        statusChange: { from: "pending", to: "completed" }
      })
      expected.tasks.completed++
    } else if (r < 0.92 && !agent) {
      put({
        type: "system",
        subtype: "compact_boundary",
        content: "Conversation compacted",
        level: "info",
        compactMetadata: { trigger: random() < 0.5 ? "auto" : "manual", preTokens: int(90000, 190000) }
      })
      expected.compactions++
      user(`This session is being continued from a previous conversation that ran out of context. ${text(30)}`, {
        isCompactSummary: true,
        isVisibleInTranscriptOnly: true
      })
    } else call("Grep", { pattern: pick(words), path: cwd }, text(int(5, 80)))
  }
  return { rows, clock }
}

const slugOf = (cwd) => cwd.replace(/[^a-zA-Z0-9]/g, "-")
const write = (path, rows, { broken = false } = {}) => {
  const parts = []
  for (const row of rows) {
    parts.push(`${typeof row === "string" ? row : JSON.stringify(row)}${chaos && random() < 0.01 ? "\r\n" : "\n"}`)
    expected.completeLines++
    if (!broken) continue
    const r = random()
    if (r < 0.002) {
      parts.push(`{"type":"assistant","message":{"content":[{"type":"text","te{"type":"user"}\n`)
      expected.unreadableLines++
    } else if (r < 0.003) {
      parts.push(`${"\0".repeat(64)}\n`)
      expected.unreadableLines++
    } else if (r < 0.005) {
      parts.push(`${JSON.stringify({ type: `novelty-${pick(words)}`, payload: text(8), sessionId: row.sessionId })}\n`)
      expected.unknownTypeLines++
      expected.completeLines++
    }
  }
  if (broken && random() < 0.3) parts.push(`{"type":"user","message":{"role":"user","content":"half wri`) // still being written: no line yet
  const body = parts.join("")
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, body)
  expected.bytes += Buffer.byteLength(body)
  expected.transcripts++
  expected.lines += body.split("\n").length - 1
}

for (let s = 0; s < sessionCount; s++) {
  const session = uuid(),
    project = int(1, Math.max(1, Math.ceil(sessionCount / 12)))
  const cwd = `/home/dev/${pick(["web", "api", "my_lib", "tool.box"])}-${project}`,
    branch = pick(["main", "feature/auth", "fix-42"])
  const at = start + s * 3_600_000,
    marker = s % 10 === 0 ? `marker${seed}x${s}` : undefined
  const lines = Math.max(8, int(Math.floor(lineCount * 0.4), Math.floor(lineCount * 1.6)))
  const board = { last: 0, open: [] } // one task list a session, its subagents included
  const main = transcript({ session, cwd, branch, at, lines, marker, board })
  if (marker) expected.markers[marker] = [session]
  if (chaos && s % 40 === 7)
    main.rows.push({
      type: "user",
      message: { role: "user", content: [{ tool_use_id: `toolu_${hex(22)}`, type: "tool_result", content: "x".repeat(2_000_000) }] },
      uuid: uuid(),
      timestamp: new Date(main.clock).toISOString(),
      sessionId: session,
      cwd
    })
  const dir = join(out, "projects", slugOf(cwd))
  write(join(dir, `${session}.jsonl`), main.rows, { broken: chaos })
  expected.sessions++
  if (random() < 0.3) {
    for (let a = int(1, 3); a > 0; a--) {
      const agent = `a${hex(16)}`
      const sub = transcript({ session, cwd, branch, at: at + 60_000, lines: Math.max(5, Math.floor(lines / 5)), agent, board })
      write(join(dir, session, "subagents", `agent-${agent}.jsonl`), sub.rows)
      writeFileSync(
        join(dir, session, "subagents", `agent-${agent}.meta.json`),
        JSON.stringify({ agentType: pick(["Explore", "general-purpose"]), description: text(3), toolUseId: `toolu_${hex(22)}`, spawnDepth: 1 })
      )
      expected.subagents++
    }
  }
  if (chaos && random() < 0.1) {
    // a fork: copied history under a new session id, the same message uuids and API ids; copied assistant lines say whose request it was
    const forked = uuid()
    const copy = main.rows
      .slice(0, int(3, main.rows.length - 1))
      .filter((row) => row.message?.content?.[0]?.content?.length !== 2_000_000)
      .map((row) => ({ ...row, sessionId: forked, ...(row.type === "assistant" && { requestSessionId: session }) }))
    copy.push(...transcript({ session: forked, cwd, branch, at: main.clock + 60_000, lines: int(4, 20), board: { last: 0, open: [] } }).rows) // and it goes on
    write(join(dir, `${forked}.jsonl`), copy)
    expected.sessions++
    expected.forks++
    if (marker) expected.markers[marker].push(forked)
  }
}
if (process.argv.includes("--shapes")) addShapes({ count, expected, hex, int, out, price, random, slugOf, start, text, transcript, uuid, write })
expected.filesTouched = files.size
writeFileSync(join(out, "expected.json"), `${JSON.stringify(expected, null, 2)}\n`)
console.log(
  JSON.stringify({
    bytes: expected.bytes,
    lines: expected.lines,
    sessions: expected.sessions,
    apiResponses: expected.apiResponses,
    costNanoUsd: expected.costNanoUsd
  })
)
