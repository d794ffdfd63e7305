import * as fc from "fast-check"
import type { SessionEvent } from "han-core/SessionEvent"
import { describe, expect, it } from "vitest"
import { escaped, fenced, markdownMessage } from "../../src/terminal/Markdown.ts"
import { callSummary, isShown, messageBlock, type Shown } from "../../src/terminal/MessageText.ts"
import { uncoloured } from "../../src/terminal/Style.ts"

const at = Date.parse("2026-11-22T14:03:09Z")
const call: SessionEvent = {
  _tag: "ToolCalled",
  toolUseId: "t1",
  name: "Bash",
  kind: "run",
  agentType: null,
  task: null,
  input: { command: "npm test\nnpm run lint", timeout: 5 }
}
const result: SessionEvent = {
  _tag: "ToolReturned",
  toolUseId: "t1",
  text: "x",
  isError: true,
  hasImage: false,
  denied: false,
  structured: null,
  changed: null,
  task: null
}
const shown = (message: Partial<Shown>): Shown => ({ kind: "answer", at, text: "", events: [], ...message })
const block = (message: Partial<Shown>, resultLines = 2) => messageBlock(shown(message), { style: uncoloured, utc: true, resultLines })

describe("messages for people", () => {
  it("Messages for people say when, who and what", () => {
    expect(block({ kind: "prompt", text: "fix it\nplease" })).toBe("2026-11-22 14:03:09  user\n  fix it\n  please\n")
    expect(block({ kind: "tool-call", text: "Bash npm test", events: [call] })).toBe("2026-11-22 14:03:09  assistant\n  → Bash npm test npm run lint\n")
    expect(block({ kind: "tool-result", text: "1\n2\n3\n4", events: [result] })).toBe("2026-11-22 14:03:09  result (error)\n  1\n  2\n  … 2 more lines\n")
    expect(block({ text: "\u001b]0;owned\u0007hello\u001b[2J" })).toBe("2026-11-22 14:03:09  assistant\n  hello\n")
  })

  it("Messages for people leave the client's bookkeeping out", () => {
    expect([
      isShown(shown({ kind: "snapshot", text: "x" })),
      isShown(shown({ text: " " })),
      isShown(shown({ events: [call] })),
      isShown(shown({ kind: "unreadable", text: "broken" }))
    ]).toEqual([false, false, true, true])
  })

  it("Messages for people show han's own lines as one line each", () => {
    expect(block({ kind: "han", text: "gate quality/style\nblocked, 413 ms" })).toBe("2026-11-22 14:03:09  han  gate quality/style blocked, 413 ms\n")
    expect(markdownMessage(shown({ kind: "han", text: "gate quality/style_of\nblocked, 413 ms" }), true)).toBe(
      "\n*han · 2026-11-22 14:03:09 · gate quality/style\\_of blocked, 413 ms*\n"
    )
  })

  it("Messages for people name what a call is about", () => {
    expect(callSummary({ file_path: "/a/b.ts", content: "…" })).toBe("/a/b.ts")
    expect(callSummary({ odd: 1 })).toBe('{"odd":1}')
    expect([callSummary({}), callSummary(null), callSummary("text"), callSummary([])]).toEqual(["", "", "text", ""])
    expect(callSummary({ command: "x".repeat(500) })).toHaveLength(200)
  })
})

describe("markdown", () => {
  it("Markdown has prose as it is, output in fences and calls with their input", () => {
    expect(markdownMessage(shown({ kind: "prompt", text: "# hi" }), true)).toBe("\n## user · 2026-11-22 14:03:09\n\n# hi\n\n")
    expect(markdownMessage(shown({ kind: "tool-result", text: "a\n```\nb" }), true)).toContain("````\na\n```\nb\n````\n")
    expect(markdownMessage(shown({ kind: "tool-call", text: "Bash npm test", events: [call] }), true)).toContain(
      '**Bash**\n\n```json\n{\n  "command": "npm test\\nnpm run lint"'
    )
    expect(markdownMessage(shown({ kind: "progress", text: "x" }), true)).toBe("")
    expect(escaped("a *b* <c> [d]")).toBe("a \\*b\\* \\<c\\> \\[d\\]")
  })

  it("Markdown keeps the text of a fence within it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("`", "```", "````", "\n", "text"), { maxLength: 12 }).map((parts) => parts.join("")),
        (text) => {
          const [open = "", ...rest] = fenced(text).split("\n")
          expect(open).toMatch(/^`{3,}$/)
          expect(rest.slice(0, -2).some((line) => line.trim() === open)).toBe(false)
          expect(rest.at(-2)).toBe(open)
        }
      )
    )
  })
})
