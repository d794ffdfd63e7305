import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { answer, call, log, noted, result, session, text, user } from "../../../../test/transcriptLines.ts"
import { type Answer, type Asking, open, stores } from "../graphqlAsking.ts"
import { rootDocument } from "../graphqlDocuments.ts"

const odd = {
  nul: "before\0after",
  half: "high \ud83d, low \ude00, both ways \ude00\ud83d",
  separators: "line\u2028paragraph\u2029next\u0085",
  marks: `${"e\u0301\u0323".repeat(1500)}`,
  family: "👨‍👩‍👧‍👦".repeat(400),
  flags: "🇩🇪🇫🇷".repeat(400),
  hangul: "\u1112\u1161\u11ab".repeat(900),
  endless: `a${"\u0301".repeat(3000)}`,
  controls: Array.from({ length: 32 }, (_, n) => String.fromCharCode(n)).join(""),
  quotes: `"'\`\\{}[]<script>&lt;%00`,
  rtl: "\u202eright to left\u202c שלום",
  bom: "\ufeffbegins",
  astral: "𝒳𝒴𝒵".repeat(700),
  empty: "",
  blank: " \n\t "
}
const names = Object.keys(odd) as ReadonlyArray<keyof typeof odd>
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })
/** Whether `part` is the beginning of `whole` up to a border between characters. */
const endsWhole = (whole: string, part: string): boolean =>
  whole.startsWith(part) && (part.length === whole.length || graphemes.segment(whole.slice(0, part.length + 64)).containing(part.length)?.index === part.length)
/** As it is stored and sent: no NUL, no half of a pair. */
const seen = (value: string) => value.toWellFormed()

/** A session in which everything that a client or han may write says such a thing. */
const sessionWith = (name: keyof typeof odd) => {
  const words = odd[name]
  const where = { cwd: `/work/${words}` }
  return [
    session(name, [
      { type: "custom-title", customTitle: name === "empty" || name.length % 2 === 0 ? "" : words, sessionId: name },
      user(`${name}-1`, 1, words, { ...where, slug: words, gitBranch: words, version: words, parentUuid: words }),
      answer(
        `${name}-2`,
        2,
        [
          { type: "thinking", thinking: words, signature: words },
          text(words),
          call(`${name}-bash`, "Bash", { command: words, [words]: words }),
          call(`${name}-edit`, "Edit", { file_path: `/work/${words}`, old_string: words, new_string: words }),
          call(`${name}-task`, "TaskCreate", { subject: words || "x", description: words, activeForm: words }),
          call(`${name}-todo`, "TodoWrite", { todos: [{ content: words, status: "pending", activeForm: words }] }),
          call(`${name}-team`, "TeamCreate", { team_name: words || "x" }),
          call(`${name}-mcp`, `mcp__${words}`, {})
        ],
        { output: 1, model: words || "m" }
      ),
      user(`${name}-3`, 3, [
        result(`${name}-bash`, words),
        result(`${name}-edit`, [{ type: "text", text: words }]),
        result(`${name}-task`, words, { is_error: false })
      ]),
      user(`${name}-4`, 4, `<command-name>/${words}</command-name><command-args>${words}</command-args>`),
      { type: "system", subtype: words || "x", uuid: `${name}-5`, timestamp: "2026-03-11T12:00:05.000Z", content: words, level: words },
      { type: "summary", summary: words, leafUuid: words },
      { type: "queue-operation", operation: words || "enqueue", content: words, timestamp: "2026-03-11T12:00:06.000Z" },
      { type: words || "novelty", payload: words },
      { type: "pr-link", prNumber: 1, prUrl: `https://example.com/${words}`, prRepository: words }
    ]),
    log(name, [
      noted("hook_run", `${name}-h1`, 10, { plugin: words, hook: words, hook_type: words, directory: words, command: words, task_id: words }, where),
      noted(
        "hook_result",
        `${name}-h2`,
        11,
        { plugin: words, hook: words, success: true, output: words, error: words, duration_ms: 1 },
        { hookRunId: `${name}-h1`, ...where }
      ),
      noted("hook_validation_cache", `${name}-h3`, 12, { plugin: words, hook: words, directory: words, files: { [`/work/${words}`]: words } }, where),
      noted("task_start", `${name}-h4`, 13, { task_id: words || "x", description: words, task_type: words }, where),
      noted("task_complete", `${name}-h5`, 14, { task_id: words || "x", outcome: words, notes: words, files_modified: [words] }, where),
      noted(
        "exposed_tool_call",
        `${name}-h6`,
        15,
        { server: words, tool: words, prefixed_name: words, arguments: { [words]: words }, call_id: `${name}-x` },
        where
      ),
      noted(
        "exposed_tool_result",
        `${name}-h7`,
        16,
        { server: words, tool: words, call_id: `${name}-x`, success: false, result: { [words]: words }, error: words },
        where
      ),
      noted(words || "odd", `${name}-h8`, 17, words, where)
    ])
  ]
}

const answers = new Map<string, string>()

for (const [store, fresh] of stores)
  describe(`${store}: text of any kind`, () => {
    let asking: Asking
    beforeAll(async () => {
      asking = await open(fresh())
      mkdirSync(join(asking.folder, ".claude"), { recursive: true })
      writeFileSync(join(asking.folder, ".claude/CLAUDE.md"), Buffer.concat([Buffer.from(JSON.stringify(odd)), Buffer.from([0xff, 0xfe, 0x00, 0xc3])]))
      writeFileSync(
        join(asking.folder, ".claude/settings.json"),
        JSON.stringify({
          enabledPlugins: Object.fromEntries(names.map((name) => [`${odd[name]}@${odd[name]}`, true])),
          permissions: { allow: Object.values(odd) }
        })
      )
      await asking.append(...names.flatMap(sessionWith))
      const big = "0123456789".repeat(200_000)
      await asking.append(
        session("big", [
          user("big-1", 0, "read it"),
          answer("big-2", 1, [call("big-call", "Read", { file_path: "/work/app/big" })]),
          user("big-3", 2, [result("big-call", `needle ${big}e\u0301`)]),
          user("big-4", 3, [{ type: "image", source: { type: "base64", media_type: "image/png", data: big } }])
        ])
      )
    })
    afterAll(() => asking.close())

    it("Text of any kind never breaks a response", async () => {
      for (const root of [
        "sessions",
        "projects",
        "activity",
        "dashboardAnalytics",
        "teamMetrics",
        "metrics",
        "cacheEntries",
        "plugins",
        "pluginStats",
        "pluginCategories",
        "settings",
        "memory",
        "indexProblems",
        "usage",
        "search",
        "configDirs"
      ]) {
        const given = {
          "Query.sessions": 'first: 100, filter: { id: { _ne: "big" } }',
          "Query.usage": "by: PROJECT",
          "Query.search": 'text: "work*", first: 100',
          "Query.teamMetrics": "granularity: week",
          "Query.activity": "days: 36500",
          "Query.dashboardAnalytics": "days: 36500",
          "Session.messages": "first: 100",
          "Session.searchMessages": 'query: "work*"',
          // They are of the machine's clock and folders.
          "ConfigDir.registeredAt": null,
          "Session.sourceConfigDir": null
        }
        const document = rootDocument(root, given)
        const whole = await asking.ask(document)
        const said = JSON.stringify(whole)
        const broken: Array<string> = []
        const visit = (value: unknown): void => {
          if (typeof value === "string" && !value.isWellFormed()) broken.push(value.slice(0, 80))
          else if (typeof value === "object" && value !== null) Object.values(value).forEach(visit)
        }
        visit(whole)
        expect([root, broken]).toEqual([root, []])
        expect(JSON.parse(said)).toEqual(whole)
        const portable = said.replaceAll(asking.folder, "")
        if (["sessions", "projects", "activity", "dashboardAnalytics", "teamMetrics", "cacheEntries", "search"].includes(root)) {
          // The order of equal rows of a search is the only thing that stores may have of their own.
          expect(portable.length).toBe((answers.get(root) ?? portable).length)
          if (root !== "search") expect(portable === (answers.get(root) ?? portable), root).toBe(true)
          answers.set(root, portable)
        }
      }
    })

    it("Text of any kind comes as it was written", async () => {
      for (const name of names) {
        const { session: found } = await asking.ask(
          "query ($id: String!) { session(id: $id) { messages(first: 100) { edges { node { uuid rawJson ... on RegularUserMessage { content } ... on AssistantMessage { contentBlocks { ... on TextBlock { text } ... on ThinkingBlock { thinking preview } ... on ToolUseBlock { toolCallId input result { content preview isLong } } } } } } } } }",
          { id: name }
        )
        const messages = new Map<string, Answer>(found.messages.edges.map((edge: Answer) => [edge.node.uuid, edge.node]))
        const words = odd[name]
        const [own] = sessionWith(name)
        expect(messages.get(`${name}-1`).rawJson).toBe(Buffer.from(own!.entries[1]!.bytes).toString())
        if (words.trim() !== "") expect(messages.get(`${name}-1`).content).toBe(seen(words))
        const blocks: ReadonlyArray<Answer> = messages.get(`${name}-2`).contentBlocks
        const bash = blocks.find((block) => block.toolCallId === `${name}-bash`)
        // JSON has its own way to write what is no character, and what it means is the same.
        expect(JSON.parse(bash.input).command).toBe(words)
        expect(bash.result.content).toBe(seen(words))
        expect(bash.result.isLong).toBe(words.length > 500)
        const thought = blocks.find((block) => block.thinking !== undefined)
        expect(thought.thinking).toBe(seen(words))
        for (const [preview, limit] of [
          [bash.result.preview, 500],
          [thought.preview, 200]
        ] as const) {
          const kept = words.length > limit ? preview.slice(0, -3) : preview
          expect([name, preview === kept, kept.length <= limit, endsWhole(seen(words), kept)]).toEqual([name, words.length <= limit, true, true])
        }
      }
    })

    it("Text of any kind is cut between characters", async () => {
      const { sessions } = await asking.ask(
        '{ sessions(first: 100, filter: { id: { _ne: "big" } }) { edges { node { sessionId name title summary firstPrompt } } } }'
      )
      for (const { node } of sessions.edges) {
        // What the store keeps has a sign for NUL; what surrounds a prompt, and a byte order mark is such a thing, is left out.
        const whole = seen(odd[node.sessionId as keyof typeof odd]).replaceAll("\0", "\u2400")
        if (whole.trim() === "") continue
        const begins = (part: string) => endsWhole(whole, part) || endsWhole(whole.trim(), part) || endsWhole(whole.trim().split("\n", 1)[0] ?? "", part)
        const summary = node.summary.endsWith("...") ? node.summary.slice(0, -3) : node.summary
        expect([node.sessionId, summary.length <= 200, begins(summary)]).toEqual([node.sessionId, true, true])
        if (node.firstPrompt !== null) expect([node.sessionId, node.firstPrompt.length <= 2000, begins(node.firstPrompt)]).toEqual([node.sessionId, true, true])
        if (node.title === null) expect([node.sessionId, node.name.length <= 120, begins(node.name)]).toEqual([node.sessionId, true, true])
      }
      const { search } = await asking.ask('{ search(text: "work*", first: 100) { edges { node { sessionId excerpt } } } }')
      expect(search.edges.length).toBeGreaterThan(5)
      for (const { node } of search.edges) {
        const inner = node.excerpt.replace(/^…|…$/g, "")
        // No mark stands alone at either end.
        expect([node.sessionId, /^\p{M}/u.test(inner), inner.isWellFormed()]).toEqual([node.sessionId, false, true])
      }
    })

    it("Text of two megabytes comes whole, and as its beginning where only that is shown", async () => {
      const { session: found } = await asking.ask(
        '{ session(id: "big") { toolResults { content preview isLong } searchMessages(query: "needle") { preview } messages { edges { node { rawJson searchText ... on ToolResultUserMessage { contentBlocks { ... on ToolResultBlock { content isLong preview } } } ... on RegularUserMessage { contentBlocks { ... on ImageBlock { dataUrl } } } } } } } }'
      )
      expect(found.toolResults[0].content).toHaveLength(2_000_009)
      expect(found.toolResults[0]).toMatchObject({ isLong: true, preview: `needle ${"0123456789".repeat(50).slice(0, 493)}...` })
      expect(found.searchMessages[0].preview.length).toBeLessThan(200)
      const lengths = found.messages.edges.map((edge: Answer) => edge.node.rawJson.length)
      expect(Math.max(...lengths)).toBeGreaterThan(2_000_000)
      for (const { node } of found.messages.edges) expect(node.searchText.length).toBeLessThan(11_000)
      expect(found.messages.edges[0].node.contentBlocks[0].dataUrl).toHaveLength(2_000_000 + "data:image/png;base64,".length)
    })
  })
