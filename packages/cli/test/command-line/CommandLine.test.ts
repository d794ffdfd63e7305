import { MessageKind } from "han-core/Message"
import { describe, expect, it } from "vitest"
import { help } from "../../src/command-line/CommandHelp.ts"
import { type Command, type Given, parse } from "../../src/command-line/CommandLine.ts"
import { commands } from "../../src/commands/CommandTable.ts"
import { BadUsage } from "../../src/environment/CommandFailed.ts"

const now = Date.parse("2026-11-22T12:00:00Z")

/** The table with commands that only note what they were given. */
const noting = (argv: ReadonlyArray<string>) => {
  let given: Given | undefined
  const asked = parse(
    argv,
    commands.map(
      (command): Command => ({
        ...command,
        start: (one) => {
          given = one
          return command.start(one)
        }
      })
    ),
    now
  )
  return { asked, given }
}
const given = (...argv: ReadonlyArray<string>): Given => {
  const { given } = noting(argv)
  if (given === undefined) throw new Error(`${argv.join(" ")} does not run`)
  return given
}
const refused = (...argv: ReadonlyArray<string>): string => {
  try {
    parse(argv, commands, now)
  } catch (error) {
    if (error instanceof BadUsage) {
      expect(error.exitCode).toBe(2)
      expect(error.message).not.toContain("\n")
      return error.message
    }
    throw error
  }
  throw new Error(`${argv.join(" ")} was accepted`)
}

describe("the command line", () => {
  it("The command line reads flags, values, short names and words in any order", () => {
    const sessions = given("sessions", "-n", "5", "--json", "--project=a b")
    expect([sessions.count("limit"), sessions.flag("json"), sessions.text("project"), sessions.flag("utc")]).toEqual([5, true, "a b", false])
    expect(given("session", "--json", "abc").words).toEqual(["abc"])
    expect(given("session", "abc", "--json").words).toEqual(["abc"])
    expect(given("coordinator", "serve", "--root", "/a", "--root=/b").texts("root")).toEqual(["/a", "/b"])
    expect(given("sessions", "--limit", "1", "--limit", "2").count("limit")).toBe(2)
  })

  it("The command line takes -word as a word to search, but not an unknown --option", () => {
    expect(given("search", "rate", "-limit", "-hello", "retr*", "--limit", "3").words).toEqual(["rate", "-limit", "-hello", "retr*"])
    expect(given("search", "--", "--json").words).toEqual(["--json"])
    expect(given("search", "x", "-n", "7").count("limit")).toBe(7)
    expect(refused("search", "x", "--lmit", "3")).toContain("--lmit")
    expect(given("search", "x", "--kind", "prompt,answer", "--kind", "tool-call").choices("kind", ["prompt", "answer", "tool-call"])).toEqual([
      "prompt",
      "answer",
      "tool-call"
    ])
  })

  it.each([
    [["sesions"], "did you mean `han sessions`"],
    [["frobnicate"], "`han --help`"],
    [["--frob"], "--frob"],
    [["coordinator", "strat"], "did you mean `han coordinator start`"],
    [["help", "nothing"], "nothing"],
    [["sessions", "--foo"], "han sessions --help"],
    [["sessions", "-x"], "-x"],
    [["sessions", "stray"], "stray"],
    [["sessions", "--limit"], "--limit N"],
    [["sessions", "--limit", "--json"], "--limit N"],
    [["sessions", "--limit", "ten"], "ten"],
    [["sessions", "--limit", "-1"], "--limit"],
    [["sessions", "--json=yes"], "takes no value"],
    [["session"], "missing"],
    [["session", ""], "empty"],
    [["session", "a", "b"], '"b"'],
    [["search"], "TEXT"],
    [["search", "x", "--order", "best"], "newest, rank"],
    [["search", "x", "--role", "robot"], "user, assistant, system"],
    [["search", "x", "--since", "tomorrow"], "2026-11-22"],
    [["usage", "--by", "week"], "day, model, project, session"],
    [["export"], "--all DIR"],
    [["export", "a", "--format", "pdf"], "jsonl, markdown, json"],
    [["export", "a", "--format", "json", "--generation", "1"], "--generation"],
    [["export", "--all", "/tmp/x", "a"], '"a"'],
    [["export", "--all", "/tmp/x", "--agent", "a"], "--agent"],
    [["forget"], "--before DATE"],
    [["forget", "a", "--before", "7d"], "not both"]
  ])("The command line refuses %j on one line", (argv, part) => {
    expect(refused(...argv)).toContain(part)
  })

  it("The command line answers help and version without running anything", () => {
    expect(parse([], commands, now)).toEqual({ _tag: "Help", topic: "" })
    expect(parse(["--version"], commands, now)).toEqual({ _tag: "Version" })
    expect(parse(["help", "coordinator", "start"], commands, now)).toEqual({ _tag: "Help", topic: "coordinator start" })
    expect(parse(["coordinator"], commands, now)).toEqual({ _tag: "Help", topic: "coordinator" })
    expect(parse(["search", "x", "-h"], commands, now)).toEqual({ _tag: "Help", topic: "search" })
    for (const { name } of commands) {
      expect(parse([...name.split(" "), "--help"], commands, now)).toEqual({ _tag: "Help", topic: name })
      expect(help(name, commands)).toContain(`usage: han ${name}`)
      expect(help("", commands)).toContain(name)
    }
  })

  it("The command line offers every kind of message there is", () => {
    for (const kind of MessageKind.literals) expect(help("search", commands)).toMatch(new RegExp(`[ ,]${kind}(,|\n)`))
  })
})
