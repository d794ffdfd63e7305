import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { entryOf, transcriptOf } from "../../../../test/fixtureLines.ts"
import { decodeEntry } from "../../src/harness/Decode.ts"
import { partsOf, withoutTags } from "../../src/harness/promptParts.ts"
import type { SessionEvent } from "../../src/journal/SessionEvent.ts"
import { kindOf, textOf } from "../../src/sessions/Message.ts"

const reminder = "<system-reminder>\nremember things\n</system-reminder>"

describe("what was said", () => {
  it.each<[string, string, string]>([
    ["without blocks as it is", "  fix it\n", "  fix it\n"],
    ["behind a block", `${reminder}\nfix the flaky test`, "fix the flaky test"],
    ["before one", `fix the flaky test\n${reminder}`, "fix the flaky test"],
    ["glued to one", `fix the flaky test${reminder}`, "fix the flaky test"],
    ["between two", `<ide_opened_file>The user opened a.ts</ide_opened_file>\nfix it\n${reminder}`, "fix it"],
    ["on both sides of one", `first\n${reminder}\nthen`, "first\nthen"],
    ["on the line of one", "<ide_opened_file>The user opened a.ts.</ide_opened_file>add a retry", "add a retry"],
    ["behind several on one line", "<ide_opened_file>a</ide_opened_file><ide_selection>b</ide_selection> add a retry", "add a retry"],
    ["behind one with attributes", '<system-reminder source="hook" n="1">x</system-reminder>\nfix it', "fix it"],
    ["behind one that holds another", "<system-reminder>\na\n<system-reminder>b</system-reminder>\nc\n</system-reminder>\nfix it", "fix it"],
    ["behind one that names its own tag", "<system-reminder>\nNever mention <system-reminder> tags.\n</system-reminder>\nfix it", "fix it"],
    ["behind one that holds a block of code", "<ide_selection>\n```ts\nfoo()\n</ide_selection>\nfix it", "fix it"],
    ["before one without an end", "fix it\n<system-reminder>\nremember th", "fix it"],
    ["behind one without an end that another one follows", `<ide_opened_file>The user opened a.ts\n${reminder}\nfix it`, "fix it"],
    ["behind what hooks say", "<user-prompt-submit-hook>ok</user-prompt-submit-hook>\nfix it", "fix it"],
    ["behind what a command printed", "<local-command-stdout>Set model to Opus</local-command-stdout>\nfix it", "fix it"],
    ["behind a notice", "<task-notification>\n<summary>done</summary>\n</task-notification>\nfix it", "fix it"],
    ["behind a notice of an older client", "<task-notification>x</task-notification>\nRead the output file to retrieve the result: /tmp/x\nfix it", "fix it"],
    ["to the memory", "<user-memory-input>use tabs</user-memory-input>", "use tabs"],
    ["behind a picture", "[Image #1] what is this", "what is this"],
    ["beside pasted text", "[Pasted text #1 +20 lines]\nexplain it", "explain it"],
    ["about a picture", "compare it with [Image #2] please", "compare it with [Image #2] please"],
    ["nothing", reminder, ""],
    ["nothing, however many", `${reminder}\n\n${reminder}`, ""]
  ])("The text that a human wrote is found: %s", (_, text, said) => expect(partsOf(text).said).toBe(said))

  it.each<[string]>([
    ["why does <system-reminder> show up in my prompts?"],
    ["strip <system-reminder>foo</system-reminder> from the text"],
    ["please explain <system-reminder>foo</system-reminder>"],
    ["<system-reminder> keeps showing up, why?"],
    ["`<system-reminder>` is odd"],
    ["```xml\n<system-reminder>\nfoo\n</system-reminder>\n```\nwhat is this?"],
    ["what is this?\n\n    <system-reminder>foo</system-reminder>\n"],
    ["> <ide_selection>foo</ide_selection>\nwhat is this?"],
    ["the tags are <ide_selection> and </ide_selection>"],
    ["<my-element>\nfoo\n</my-element>"],
    ["a < b and b > c"],
    ["see [the docs](https://a.b) and [x]"]
  ])("The whole of %j is what was said", (text) => expect(partsOf(text)).toEqual({ said: text, added: [] }))

  it("Human words around any blocks are what was said", () => {
    const word = fc.stringMatching(/^[a-z]{1,8}( [a-z]{1,8}){0,3}$/)
    const tag = fc.constantFrom("system-reminder", "ide_opened_file", "ide_selection", "user-prompt-submit-hook", "local-command-stdout", "new-diagnostics")
    const block = fc.tuple(tag, word, fc.boolean()).map(([name, text, lines]) => (lines ? `<${name}>\n${text}\n</${name}>` : `<${name}>${text}</${name}>`))
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            word.map((text) => [true, text] as const),
            block.map((text) => [false, text] as const)
          ),
          { minLength: 1 }
        ),
        (parts) => {
          const said = parts.filter(([own]) => own).map(([, text]) => text)
          const found = partsOf(parts.map(([, text]) => text).join("\n"))
          expect(found.said).toBe(said.join("\n"))
          expect(found.added).toHaveLength(parts.length - said.length)
        }
      )
    )
  })

  it("Human words are found in texts of any size", () => {
    for (const part of [
      "<system-reminder>",
      "a<system-reminder>",
      "</system-reminder>",
      "<system-reminder>x</system-reminder>",
      "\n<ide_x>",
      "```\n<ide_x>\n",
      "[Image #1]"
    ]) {
      const text = `${part.repeat(20_000)}</system-reminder>`
      expect(partsOf(text).said.length).toBeLessThanOrEqual(text.length)
      withoutTags(text)
    }
  })
})

describe("lines", () => {
  const transcript = transcriptOf("main")
  const eventsOf = (content: unknown, more: object = {}): ReadonlyArray<SessionEvent> =>
    decodeEntry(transcript, entryOf({ type: "user", uuid: "u", message: { role: "user", content }, ...more })).events
  const told = (events: ReadonlyArray<SessionEvent>) => events.map((event) => [event._tag, "text" in event ? event.text : "name" in event ? event.name : ""])
  const text = (value: string) => ({ type: "text", text: value })

  it("Lines tell blocks of the content apart, each for itself", () => {
    expect(told(eventsOf([text("<ide_opened_file>The user opened a.ts"), text("rename the helper"), text(reminder)]))).toEqual([
      ["Prompted", "rename the helper"],
      ["MetaAdded", `<ide_opened_file>The user opened a.ts\n${reminder}`]
    ])
  })

  it("Lines that hold nothing but blocks ask for nothing", () => {
    expect(told(eventsOf([text("<ide_opened_file>x</ide_opened_file>"), text(reminder)]))).toEqual([
      ["MetaAdded", `<ide_opened_file>x</ide_opened_file>\n${reminder}`]
    ])
    expect(told(eventsOf([text(reminder), { type: "image", source: {} }]))).toEqual([
      ["Prompted", ""],
      ["MetaAdded", reminder]
    ])
  })

  it("Lines keep a result, a reminder beside it and what was said", () => {
    const result = { type: "tool_result", tool_use_id: "t", content: "out" }
    expect(told(eventsOf([result, text(reminder)]))).toEqual([
      ["ToolReturned", "out"],
      ["MetaAdded", reminder]
    ])
    expect(told(eventsOf([result, text(`${reminder}\nand this?`)]))).toEqual([
      ["ToolReturned", "out"],
      ["Prompted", "and this?"],
      ["MetaAdded", reminder]
    ])
  })

  it("Lines of commands behind a reminder are commands", () => {
    const command = "<command-message>plugin:fix</command-message>\n<command-name>/plugin:fix</command-name>\n<command-args>the test</command-args>"
    expect(told(eventsOf(`${reminder}\n${command}`))).toEqual([
      ["CommandRun", "/plugin:fix"],
      ["Prompted", "/plugin:fix the test"],
      ["MetaAdded", reminder]
    ])
    // What stands behind the call is the command's own text.
    expect(told(eventsOf([text(command), text("You are fixing things.")]))).toEqual([
      ["CommandRun", "/plugin:fix"],
      ["Prompted", "/plugin:fix the test"],
      ["MetaAdded", "You are fixing things."]
    ])
    expect(told(eventsOf("<command-name>/clear</command-name>\n            <command-args></command-args>", { isCommand: true }))).toEqual([
      ["CommandRun", "/clear"]
    ])
  })

  it("Lines that a human typed behind a local command's output are prompts", () => {
    const decoded = decodeEntry(
      transcript,
      entryOf({ type: "user", uuid: "u", message: { role: "user", content: "<bash-input>ls</bash-input><bash-stdout>a</bash-stdout>\nfix it" } })
    )
    expect([kindOf(decoded), textOf(decoded)]).toEqual(["prompt", "fix it"])
  })

  it("Lines of the queue are told apart in the same way", () => {
    const events = (prompt: unknown, more: object = {}) =>
      told(decodeEntry(transcript, entryOf({ type: "attachment", uuid: "q", attachment: { type: "queued_command", prompt, ...more } })).events)
    expect(events(`also do it\n${reminder}`)).toEqual([
      ["Prompted", "also do it"],
      ["MetaAdded", reminder]
    ])
    expect(events([text(reminder), text("also do it")])[0]).toEqual(["Prompted", "also do it"])
    expect(events(reminder)).toEqual([["MetaAdded", reminder]])
  })
})

describe("text of programs", () => {
  it.each<[string, string]>([
    ["<system-reminder>\na\n</system-reminder>", "a"],
    ["<local-command-caveat>Caveat: x</local-command-caveat>", "Caveat: x"],
    [`a\n${reminder}\nb`, "a\nremember things\nb"],
    ["<task-notification>\n<task-id>1</task-id>\n<status>completed</status>\n<summary>Done</summary>\n<result>42</result>\n</task-notification>", "Done\n42"],
    ["no tags < here >", "no tags < here >"],
    ["about <system-reminder> in words", "about <system-reminder> in words"]
  ])("The text %j is shown without tags", (text, bare) => expect(withoutTags(text)).toBe(bare))
})
