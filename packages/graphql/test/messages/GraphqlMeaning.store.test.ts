import { Effect } from "effect"
import { DirectoryWriter } from "han-core/Directories"
import { AgentId } from "han-core/Entry"
import { Metrics } from "han-core/Metrics"
import { Search } from "han-core/Search"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { answer, at, call, log, noted, result, session, text, user } from "../../../../test/transcriptLines.ts"
import { type Answer, type Asking, open, stores } from "../graphqlAsking.ts"

const reminder = "<system-reminder>\nremember ginger\n</system-reminder>"
const agent = { kind: "agent", agentId: AgentId.make("a057d00ca8257cc88") } as const

const command = (name: string, args: string, isLocal = false) => {
  const [first, second] = [`<command-message>${name}</command-message>`, `<command-name>/${name}</command-name>`]
  return `${isLocal ? second : first}\n${isLocal ? first : second}\n<command-args>${args}</command-args>`
}

/** What each session is called, what was asked first, and how many prompts it has. */
const titles: ReadonlyArray<readonly [id: string, contents: ReadonlyArray<unknown>, name: string, prompts: number]> = [
  ["opened", [[text("<ide_opened_file>The user opened the file /a.ts in the IDE.</ide_opened_file>"), text("rename the helper")]], "rename the helper", 1],
  ["selected", ["<ide_selection>The user selected the lines 1 to 3 from /a.ts:\nfoo()\n</ide_selection>\nexplain the selection"], "explain the selection", 1],
  ["reminded", [`${reminder}\nfix the flaky test`], "fix the flaky test", 1],
  ["behind", [`fix the flaky test\n${reminder}`], "fix the flaky test", 1],
  ["hooked", ["<user-prompt-submit-hook>ok</user-prompt-submit-hook>\nadd a retry"], "add a retry", 1],
  ["review", [command("review", "PR 12 please")], "/review PR 12 please", 1],
  ["plugin", [command("plugin:cmd", "do it")], "/plugin:cmd do it", 1],
  ["bare", [command("review", ""), "then this"], "then this", 1],
  ["set-up", [command("model", "opus", true), "<local-command-stdout>Set model to Opus</local-command-stdout>", "then this"], "then this", 1],
  ["talk", ["why does <system-reminder> show up in it?"], "why does <system-reminder> show up in it?", 1],
  ["nothing", [reminder], "nothing", 0]
]

for (const [name, fresh] of stores)
  describe(`${name}: what lines mean`, () => {
    let asking: Asking
    beforeAll(async () => {
      asking = await open(fresh())
      await asking.append(
        ...titles.map(([id, contents]) =>
          session(
            id,
            contents.map((content, n) => user(`${id}-${n}`, n, content))
          )
        ),
        session("parent", [
          user("p1", 0, "look around"),
          answer("p2", 1, [call("toolu-agent", "Agent", { subagent_type: "Explore" })], { input: 1, output: 1 }),
          user("p3", 20, [result("toolu-agent", "found it")]),
          { type: "queue-operation", operation: "enqueue", timestamp: at(21), sessionId: "parent", content: "queued words" },
          user("p4", 22, [text(`${reminder}\nand then?`), text(reminder)])
        ]),
        {
          ...session(
            "parent",
            [
              user("s1", 2, "find the needle", { isSidechain: true }),
              answer("s2", 3, [text("a needle"), call("toolu-read", "Read", { file_path: "/work/app/a.ts" })], { input: 10, output: 5 }),
              user("s3", 4, [result("toolu-read", "x", { is_error: true })])
            ],
            agent
          ),
          source: { meta: JSON.stringify({ agentType: "Explore", description: "Find it", toolUseId: "toolu-agent" }) }
        },
        session("files", [
          answer("f1", 10, [call("toolu-1", "Edit", { file_path: "/work/app/a.ts", old_string: "x", new_string: "y" })]),
          user("f2", 11, [result("toolu-1", "done")]),
          answer("f3", 20, [call("toolu-2", "Edit", { file_path: "/work/app/a.ts", old_string: "y", new_string: "z" })]),
          user("f4", 21, [result("toolu-2", "done")])
        ]),
        log("files", [
          noted("hook_file_change", "n1", 9, { tool_name: "Edit", file_path: "a.ts" }),
          noted("hook_file_change", "n2", 22, { tool_name: "Edit", file_path: "/work/app/./a.ts" }),
          noted("hook_file_change", "n3", 30, { tool_name: "Write", file_path: "/work/app/b.ts" })
        ]),
        session("compacted", [
          { type: "system", subtype: "compact_boundary", uuid: "c0", compactMetadata: { trigger: "auto" } },
          user("c1", 100, "go on"),
          { type: "system", subtype: "compact_boundary", uuid: "c2", compactMetadata: { trigger: "manual" } },
          { type: "system", subtype: "compact_boundary", uuid: "c3", compactMetadata: { trigger: "manual" } },
          user("c4", 200, "86")
        ])
      )
    })
    afterAll(() => asking.close())
    const of = async (id: string, fields: string): Promise<Answer> =>
      (await asking.ask(`query ($id: String!) { session(id: $id) { ${fields} } }`, { id })).session
    const uuids = (connection: Answer): ReadonlyArray<string> => connection.edges.map((edge: Answer) => edge.node.uuid)

    it.each(titles)("The title of the session %s is what was said", async (id, _, name, turnCount) => {
      expect(await of(id, "name turnCount")).toEqual({ name, turnCount })
      expect((await of(id, "firstPrompt")).firstPrompt).toBe(turnCount === 0 ? null : name)
    })

    it("A message shows no tags, only what was said", async () => {
      const fields = "messages { edges { node { __typename ... on UserMessage { content contentBlocks { ... on TextBlock { text } } } } } }"
      const cards = async (id: string) => (await of(id, fields)).messages.edges.map((edge: Answer) => edge.node)
      expect(await cards("opened")).toEqual([
        { __typename: "RegularUserMessage", content: "rename the helper", contentBlocks: [{ text: "rename the helper" }] }
      ])
      expect(await cards("nothing")).toEqual([{ __typename: "MetaUserMessage", content: "remember ginger", contentBlocks: [{ text: "remember ginger" }] }])
      expect(await cards("review")).toEqual([
        { __typename: "CommandUserMessage", content: "/review PR 12 please", contentBlocks: [{ text: "/review PR 12 please" }] }
      ])
      expect(JSON.stringify([await cards("set-up"), await cards("parent")])).not.toMatch(/<\/?[a-z_-]+>/)
    })

    it("A session answers a subagent's conversation by its id", async () => {
      const fields =
        "id sessionId agentId name firstPrompt messageCount toolCallCount toolErrorCount turnCount startedAt agentOf { sessionId } usage { input output responses }"
      const messages = "messages { totalCount edges { node { uuid agentId } } }"
      const { node } = await asking.ask(`{ node(id: "Session:${agent.agentId}") { ... on Session { ${fields} ${messages} } } }`)
      expect(node).toMatchObject({
        id: `Session:/work/app:${agent.agentId}`,
        sessionId: agent.agentId,
        agentId: agent.agentId,
        name: "Find it",
        firstPrompt: "find the needle",
        messageCount: 3,
        toolCallCount: 1,
        toolErrorCount: 1,
        turnCount: 0,
        startedAt: at(2),
        agentOf: { sessionId: "parent" },
        usage: { input: 10, output: 5, responses: 1 }
      })
      expect([node.messages.totalCount, uuids(node.messages)]).toEqual([3, ["s3", "s2", "s1"]])
      for (const id of [`Session:/work/app:${agent.agentId}`, `Session:agent-${agent.agentId}`])
        expect((await asking.ask(`query ($id: ID!) { node(id: $id) { id } }`, { id })).node.id).toBe(node.id)
      const parent = await of("parent", `agentOf { id } agentId subagents { agentId session { id ${messages} } } ${messages}`)
      expect(parent).toMatchObject({ agentOf: null, agentId: null, subagents: [{ agentId: agent.agentId, session: { id: node.id } }] })
      expect(uuids(parent.subagents[0].session.messages)).toEqual(["s3", "s2", "s1"])
      // The queue of prompts is none of them.
      expect([parent.messages.totalCount, uuids(parent.messages)]).toEqual([4, ["p4", "p3", "p2", "p1"]])
      expect(uuids((await of("parent", `messages(filter: { agentId: { _eq: "${agent.agentId}" } }) { edges { node { uuid } } }`)).messages)).toEqual([
        "s3",
        "s2",
        "s1"
      ])
      expect(await asking.ask('{ session(id: "nobody") { id } node(id: "Session:nobody") { id } }')).toEqual({ session: null, node: null })
    })

    it("A search and totals of a subagent's conversation cover it alone", async () => {
      const hits = async (sessionId: string) =>
        (await asking.ask('query ($id: String) { search(text: "needle", sessionId: $id) { totalCount } }', { id: sessionId })).search.totalCount
      expect([await hits("parent"), await hits(agent.agentId), await hits(`Session:/work/app:${agent.agentId}`)]).toEqual([2, 2, 2])
      expect((await asking.ask('{ search(text: "look", sessionId: "a057d00ca8257cc88") { totalCount } }')).search.totalCount).toBe(0)
      const used = async (id: string) =>
        (await asking.ask("query ($id: String) { usage(by: MODEL, sessionId: $id) { totals { input output } } }", { id })).usage.totals
      expect([await used("parent"), await used(agent.agentId)]).toEqual([
        { input: 11, output: 6 },
        { input: 10, output: 5 }
      ])
    })

    it("A subscription tells each conversation of its own messages", async () => {
      const added = "subscription ($id: ID!) { sessionMessageAdded(sessionId: $id) { messageIndex newMessageEdge { node { uuid } } } }"
      const updated = "subscription ($id: ID!) { nodeUpdated(id: $id) { id node { id } } }"
      const whole = session("live", [user("l1", 0, "go")])
      await asking.append(whole)
      const sub = { kind: "agent", agentId: AgentId.make("alive") } as const
      const [own, theirs, node] = [
        await asking.subscribe(added, { id: "live" }),
        await asking.subscribe(added, { id: "alive" }),
        await asking.subscribe(updated, { id: "Session:alive" })
      ]
      await asking.append(session("live", [user("l2", 1, "find", { isSidechain: true })], sub), session("live", [user("l1", 0, "go"), user("l3", 2, "on")]))
      expect(await own.next()).toEqual({ sessionMessageAdded: { messageIndex: 2, newMessageEdge: { node: { uuid: "l3" } } } })
      expect(await theirs.next()).toEqual({ sessionMessageAdded: { messageIndex: 1, newMessageEdge: { node: { uuid: "l2" } } } })
      expect(await node.next()).toEqual({ nodeUpdated: { id: "Session:/work/app:alive", node: { id: "Session:/work/app:alive" } } })
      for (const one of [own, theirs, node]) await one.end()
    })

    it("A project knows its repository", async () => {
      await asking.run(
        Effect.flatMap(DirectoryWriter, (all) =>
          all.note({ machine: "test", path: "/work/app" }, { remote: "git.example/a/b", root: "/work/app", worktreeOf: null, defaultBranch: null })
        )
      )
      const { projects } = await asking.ask("{ projects(first: 1) { id projectId repoId } }")
      const [{ id, projectId, repoId }] = projects
      const repo = async (of: string) => (await asking.ask("query ($id: String!) { repo(id: $id) { repoId } }", { id: of })).repo
      for (const of of [id, projectId, repoId, `Repo:${repoId}`]) expect(await repo(of)).toEqual({ repoId })
      for (const of of ["nobody", "Session:parent", ""]) expect(await repo(of)).toBeNull()
    })

    it("A change of a file is counted once", async () => {
      const { fileChangeCount, fileChanges } = await of("files", "fileChangeCount fileChanges { totalCount edges { node { id filePath toolName } } }")
      expect([fileChangeCount, fileChanges.totalCount]).toEqual([3, 3])
      expect(fileChanges.edges.map((edge: Answer) => `${edge.node.filePath} ${edge.node.toolName}`)).toEqual([
        "/work/app/b.ts Write",
        "/work/app/a.ts Edit",
        "/work/app/a.ts Edit"
      ])
    })

    it("Compactions without a time are dated by their neighbours", async () => {
      const { compactions } = await of("compacted", "compactions { trigger at }")
      expect(compactions).toEqual([
        { trigger: "auto", at: at(100) },
        { trigger: "manual", at: at(100) },
        { trigger: "manual", at: at(100) }
      ])
      const counted = (since: number, until: number) => asking.run(Effect.flatMap(Metrics, (metrics) => metrics.compactions({ since, until })))
      const day = Date.parse(at(0))
      expect(await counted(day, day + 150_000)).toMatchObject({ auto: 1, manual: 2, sessions: 1 })
      expect(await counted(day + 150_000, day + 999_000)).toMatchObject({ auto: 0, manual: 0, sessions: 0 })
    })

    it("Numbers and blocks show no feeling", async () => {
      expect((await of("compacted", "frustrationSummary { totalAnalyzed overallLevel }")).frustrationSummary).toEqual({
        totalAnalyzed: 2,
        overallLevel: "none"
      })
      expect((await of("nothing", "frustrationSummary { totalAnalyzed }")).frustrationSummary.totalAnalyzed).toBe(0)
    })

    it("A search finds what programs wrote, as what nobody said", async () => {
      const found = (query: Parameters<typeof Search.Service.messages>[0]) =>
        asking.run(
          Effect.flatMap(Search, (search) =>
            Effect.map(search.messages(query, { first: 50 }), ({ items }) => items.map(({ node }) => [node.sessionId, node.role]))
          )
        )
      expect((await found({ text: "ginger" })).sort()).toEqual([
        ["behind", "system"],
        ["nothing", "system"],
        ["parent", "system"],
        ["reminded", "system"]
      ])
      expect(await found({ text: "ginger", role: "user" })).toEqual([])
      expect((await found({ text: "ginger", role: "system" })).map(([id]) => id).sort()).toEqual(["behind", "nothing", "parent", "reminded"])
      expect(await found({ text: "ginger", role: "assistant" })).toEqual([])
      expect((await found({ text: "flaky test", role: "user" })).sort()).toEqual([
        ["behind", "user"],
        ["reminded", "user"]
      ])
      expect(await found({ text: "flaky", role: "system" })).toEqual([])
      expect(await found({ text: '"test remember"' })).toEqual([])
    })
  })
