import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { answer, call, log, noted, result, session, text, user } from "../../../../test/transcriptLines.ts"
import { type Answer, type Asking, open, stores } from "../graphqlAsking.ts"

for (const [name, fresh] of stores)
  describe(`${name}: finding one's way in a conversation`, () => {
    let asking: Asking
    beforeAll(async () => {
      // Two minutes after all of it: the sessions are active.
      vi.useFakeTimers({ now: Date.parse("2026-03-11T12:02:00.000Z"), toFake: ["Date"] })
      asking = await open(fresh())
      await asking.append(
        session("way", [
          user("w1", 1, "Make it work\nplease"),
          answer("w2", 2, [text("Trying."), call("w-a", "Bash", { command: "make" })]),
          user("w3", 3, [{ ...result("w-a", "No rule to make target"), is_error: true }], { parentUuid: "w2" }),
          answer("w4", 4, [call("w-b", "Bash", { command: "make all" })]),
          user("w5", 5, [result("w-b", "x".repeat(700))], { parentUuid: "w4" }),
          user("w6", 6, "And now test it")
        ]),
        session("asks", [user("a1", 1, "Hello"), answer("a2", 2, [text("Hello. What shall I do?")])]),
        session("held", [user("b1", 1, "Do it"), answer("b2", 2, [text("Done.")])]),
        log("held", [
          noted("hook_run", "g1", 3, { plugin: "p", hook: "lint", hook_type: "Stop", directory: "/work" }),
          noted(
            "hook_result",
            "g1r",
            4,
            { plugin: "p", hook: "lint", hook_type: "Stop", success: false, exit_code: 2, duration_ms: 5, output: "bad" },
            { hookRunId: "g1" }
          )
        ])
      )
    })
    afterAll(async () => {
      await asking.close()
      vi.useRealTimers()
    })

    it("A session's landmarks are what was asked and what failed, each with its place from the oldest message", async () => {
      const { session: way } = await asking.ask('{ session(id: "way") { landmarks { messageId kind place text at } messages { totalCount } } }')
      expect(way.landmarks.map(({ kind, messageId, place, text }: Answer) => [messageId, kind, place, text])).toEqual([
        ["Message:w1", "PROMPT", 0, "Make it work\nplease"],
        ["Message:w3", "TOOL_RESULT", 2, ""],
        ["Message:w6", "PROMPT", 5, "And now test it"]
      ])
      expect(way.landmarks[0].at).toBe("2026-03-11T12:00:01.000Z")
      expect(way.messages.totalCount).toBe(6)
    })

    it("A message's place leads to the older and the newer messages around it", async () => {
      const { session: way } = await asking.ask('{ session(id: "way") { messagePlace(id: "w4") { cursor place message { id } } } }')
      expect(way.messagePlace).toMatchObject({ place: 2, message: { id: "Message:w4" } })
      const cursor = JSON.stringify(way.messagePlace.cursor)
      const around = await asking.ask(
        `{ session(id: "way") { older: messages(first: 2, after: ${cursor}) { edges { node { id } } } newer: messages(last: 2, before: ${cursor}) { edges { node { id } } } } }`
      )
      const ids = (list: Answer) => list.edges.map(({ node }: Answer) => node.id)
      expect(ids(around.session.older)).toEqual(["Message:w3", "Message:w2"])
      expect(ids(around.session.newer)).toEqual(["Message:w6", "Message:w5"])
      expect((await asking.ask('{ session(id: "way") { messagePlace(id: "a1") { cursor } } }')).session.messagePlace).toBeNull()
    })

    it("A session says whether it runs, waits for a prompt, or is held back by a gate", async () => {
      const activity = async (id: string) => (await asking.ask(`{ session(id: "${id}") { status activity } }`)).session
      expect(await activity("way")).toEqual({ status: "active", activity: "RUNNING" })
      expect(await activity("asks")).toEqual({ status: "active", activity: "WAITING" })
      expect(await activity("held")).toEqual({ status: "active", activity: "BLOCKED" })
      vi.setSystemTime(Date.parse("2026-03-11T13:00:00.000Z"))
      expect(await activity("way")).toEqual({ status: "idle", activity: null })
      vi.setSystemTime(Date.parse("2026-03-11T12:02:00.000Z"))
    })

    it("Texts of blocks may be asked for in part, with the length of the whole", async () => {
      const { message } = await asking.ask(
        '{ message(id: "w4") { ... on AssistantMessage { contentBlocks { ... on ToolUseBlock { input(maxChars: 5) inputLength durationMs result { content(maxChars: 3) length } } } } } }'
      )
      const [block] = message.contentBlocks
      expect(block).toMatchObject({ durationMs: 1000, result: { content: "xxx", length: 700 } })
      expect(block.input).toBe('{\n  "')
      expect(block.inputLength).toBe('{\n  "command": "make all"\n}'.length)
    })

    it("Runs of hooks of all sessions are listed, the newest first, or those that failed", async () => {
      const { hookExecutions } = await asking.ask("{ hookExecutions(failed: true) { hookName sessionId status } }")
      expect(hookExecutions).toEqual([{ hookName: "lint", sessionId: "held", status: "failed" }])
      expect((await asking.ask('{ hookExecutions(hook: "nobody") { id } }')).hookExecutions).toEqual([])
    })
  })
