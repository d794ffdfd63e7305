// Shapes of real archives that the plain corpus lacks; `corpus.mjs --shapes` adds them behind everything else, so that the rest of the corpus stays as it is.
// Agents' transcripts deeper below a session's folder, with and without `.meta.json`; a second file of a session in another folder, and one that is a single line of
// bookkeeping; transcripts that were written anew (as they were before: DIR/before, same paths as in DIR/projects; `gone` of expected.json holds words that only stood
// there); responses without ids, and with one id for all; usage with parts that are charged by themselves; outputs of tools beside the transcript.
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

export const addShapes = ({ count, expected, hex, int, out, price, random, slugOf, start, text, transcript, uuid, write }) => {
  const put = (path, content) => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  const place = (cwd, session) => join(out, "projects", slugOf(cwd), session)
  const plain = { input: 1000, output: 100, read: 0, write5: 0, write1: 0 }
  const record = (session, cwd, at) => {
    let parent = null
    let clock = at
    return (type, message, more = {}) => {
      const line = {
        parentUuid: parent,
        isSidechain: false,
        uuid: uuid(),
        timestamp: new Date((clock += 1000)).toISOString(),
        sessionId: session,
        cwd,
        version: "2.1.330",
        type,
        message,
        ...more
      }
      parent = line.uuid
      return line
    }
  }
  const prompt = (content) => ({ role: "user", content })
  const answer = (model, ids, usage) => ({
    ...ids,
    type: "message",
    role: "assistant",
    model,
    content: [{ type: "text", text: text(6) }],
    stop_reason: "end_turn",
    usage
  })
  const mark = (kind, n) => `${kind}mark${n}x${expected.options.seed}`
  const board = () => ({ last: 0, open: [] })
  expected.gone = []
  expected.outputs = {}
  expected.rewritten = 0

  const nested = (n, at) => {
    const session = uuid()
    const cwd = `/home/dev/nested-${n}`
    write(`${place(cwd, session)}.jsonl`, transcript({ session, cwd, branch: "main", at, lines: 10, board: board(), marker: mark("nested", n) }).rows)
    expected.markers[mark("nested", n)] = [session]
    expected.sessions++
    for (const folder of [`workflows/wf_${hex(6)}`, `workflows/wf_${hex(6)}/deeper/still`, ""]) {
      const agent = `a${hex(16)}`
      const file = join(place(cwd, session), "subagents", folder, `agent-${agent}`)
      write(`${file}.jsonl`, transcript({ session, cwd, branch: "main", at: at + 1000, lines: 6, agent, board: board() }).rows)
      if (random() < 0.5) put(`${file}.meta.json`, JSON.stringify({ agentType: "Explore", description: text(3) }))
      expected.subagents++
    }
  }

  const twins = (n, at) => {
    const session = uuid()
    const folders = [`/home/dev/one-${n}`, `/home/dev/other-${n}`]
    const shared = transcript({ session, cwd: folders[0], branch: "main", at, lines: 12, board: board() })
    folders.forEach((cwd, which) => {
      const rest = transcript({
        session,
        cwd,
        branch: "main",
        at: shared.clock + 3_600_000 * (which + 1),
        lines: 10,
        board: board(),
        marker: mark(`twin${which}`, n)
      }).rows
      rest[0].parentUuid = shared.rows.at(-1).uuid
      write(`${place(cwd, session)}.jsonl`, [...shared.rows, ...rest])
      expected.markers[mark(`twin${which}`, n)] = [session]
    })
    const stub = { type: "bridge-session", sessionId: session, bridgeSessionId: `cse_${hex(8)}` }
    write(`${place(`/home/dev/stub-${n}`, session)}.jsonl`, [stub])
    expected.sessions++
  }

  const rewritten = (n, at) => {
    const session = uuid()
    const cwd = `/home/dev/rewritten-${n}`
    const secret = mark("secret", n)
    const { rows } = transcript({ session, cwd, branch: "main", at, lines: 14, board: board(), marker: secret })
    const file = `${slugOf(cwd)}/${session}.jsonl`
    put(join(out, "before", file), rows.map((row) => `${JSON.stringify(row)}\n`).join(""))
    const clean = mark("clean", n)
    write(
      join(out, "projects", file),
      rows.map((row) => JSON.parse(JSON.stringify(row).replaceAll(secret, clean)))
    )
    expected.markers[clean] = [session]
    expected.gone.push(secret)
    expected.rewritten++
    expected.sessions++
  }

  // Of each response a line of its own, except where a second block follows at once.
  const gateway = (n, at) => {
    const model = "claude-haiku-4-5-20251001"
    const usage = { input_tokens: plain.input, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: plain.output }
    for (const ids of [{ id: "relay" }, {}, { id: "relay", blocks: 2 }]) {
      const session = uuid()
      const cwd = `/home/dev/gateway-${n}`
      const line = record(session, cwd, at)
      const rows = []
      const { blocks = 1, ...given } = ids
      for (let turn = int(2, 5); turn > 0; turn--) {
        rows.push(line("user", prompt(text(5))))
        expected.userPrompts++
        for (let block = 0; block < blocks; block++) rows.push(line("assistant", answer(model, given, usage)))
        count(model, plain)
      }
      write(`${place(cwd, session)}.jsonl`, rows)
      expected.sessions++
    }
  }

  const advised = (n, at) => {
    const session = uuid()
    const cwd = `/home/dev/advised-${n}`
    const line = record(session, cwd, at)
    const own = { input: int(1, 500), output: int(50, 500), read: int(0, 9000), write5: 0, write1: 0 }
    const advice = { input: int(1000, 9000), output: int(100, 900), read: 0, write5: 0, write1: 0 }
    const tokens = (u) => ({ input_tokens: u.input, output_tokens: u.output, cache_read_input_tokens: u.read, cache_creation_input_tokens: 0 })
    const usage = {
      ...tokens(own),
      iterations: [
        { type: "message", ...tokens(own) },
        { type: "advisor_message", model: "claude-opus-4-5-20251101", ...tokens(advice) }
      ]
    }
    write(`${place(cwd, session)}.jsonl`, [
      line("user", prompt(text(5))),
      line("assistant", answer("claude-sonnet-4-5-20250929", { id: `msg_${hex(22)}` }, usage), { requestId: `req_${hex(22)}` })
    ])
    count("claude-sonnet-4-5-20250929", own)
    // A part of a response, and none of its own.
    price("claude-opus-4-5-20251101", advice)
    expected.userPrompts++
    expected.sessions++
  }

  const output = (n, at) => {
    const session = uuid()
    const cwd = `/home/dev/output-${n}`
    const line = record(session, cwd, at)
    const marker = mark("output", n)
    const path = join(place(cwd, session), "tool-results", `toolu_${hex(8)}.txt`)
    const whole = `${text(int(4000, 20_000))} ${marker}\n`
    put(path, whole)
    const id = `toolu_${hex(22)}`
    const call = {
      role: "assistant",
      type: "message",
      model: "claude-haiku-4-5-20251001",
      id: `msg_${hex(22)}`,
      content: [{ type: "tool_use", id, name: "Bash", input: { command: "cat log" } }]
    }
    const shown = `<persisted-output>\nOutput too large (${whole.length} bytes). Full output saved to: ${path}\n\nPreview (first 2KB):\n${whole.slice(0, 200)}\n</persisted-output>`
    const noted = mark("noted", n)
    write(`${place(cwd, session)}.jsonl`, [
      line("user", prompt(text(5))),
      line("assistant", call),
      line("user", prompt([{ tool_use_id: id, type: "tool_result", content: shown }]), {
        toolUseResult: { stdout: `${whole.slice(0, 300)} ${noted}`, persistedOutputPath: path, persistedOutputSize: whole.length }
      })
    ])
    for (const word of [marker, noted]) expected.markers[word] = [session]
    expected.outputs[path] = whole.length
    expected.userPrompts++
    expected.toolCalls++
    expected.sessions++
  }

  for (let n = 0; n < Math.max(1, Math.ceil(expected.options.sessions / 20)); n++) {
    const at = start + (expected.options.sessions + 6 * n) * 3_600_000
    ;[nested, twins, rewritten, gateway, advised, output].forEach((shape, which) => {
      shape(n, at + which * 3_600_000)
    })
  }
}
