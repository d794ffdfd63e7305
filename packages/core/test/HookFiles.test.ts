import { execFileSync } from "node:child_process"
import * as FastCheck from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { asArgument, chunked, quotedList, takesFiles, withFiles } from "../src/internal/hookFiles.ts"

const listing = "printf '%s\\0'"

/** What a program gets when this command runs with these files. */
const received = (command: string, files: ReadonlyArray<string>): ReadonlyArray<string> =>
  execFileSync("/bin/bash", ["-c", withFiles(command, files), "hook", ...files], {
    env: { PATH: "/usr/bin:/bin", HAN_FILES: quotedList(files) },
    encoding: "utf8"
  })
    .split("\0")
    .slice(0, -1)

const nasty = [
  "a b.ts",
  "it's.ts",
  'say "hi".ts',
  "$(touch pwned).ts",
  "`id`.ts",
  "a\nb.ts",
  "*.ts",
  "a;b&c|d.ts",
  "$&.ts",
  "\\n.ts",
  "ü.ts",
  "~root",
  "#x",
  "!x",
  "{a,b}"
]

describe("files in commands", () => {
  it.each([
    ["bare", `${listing} \${HAN_FILES}`],
    ["without braces", `${listing} $HAN_FILES`],
    ["in double quotes", `${listing} "\${HAN_FILES}"`],
    ["in single quotes", `${listing} '\${HAN_FILES}'`],
    ["twice over a pipe", `true \${HAN_FILES} | ${listing} \${HAN_FILES}`],
    ["within a shell in double quotes", `sh -c "printf '%s\\\\0' \${HAN_FILES}"`],
    ["within a shell in single quotes", `sh -c 'printf "%s\\0" \${HAN_FILES}'`],
    ["after an escaped quote", `${listing} \${HAN_FILES} # \\" it's`]
  ])("each is one word, whatever its name: %s", (_, command) => {
    expect(received(command, nasty)).toEqual(nasty)
  })

  it("any names", () => {
    const name = FastCheck.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter((text) => !text.includes("\0") && text.isWellFormed())
    FastCheck.assert(
      FastCheck.property(FastCheck.array(name, { minLength: 1, maxLength: 5 }), (names) => {
        expect(received(`printf '%s\\0' \${HAN_FILES}`, names)).toEqual(names)
        expect(received(`bash -c 'printf "%s\\0" \${HAN_FILES}'`, names)).toEqual(names)
      }),
      { numRuns: 60 }
    )
  })

  it("a name like an option is a path", () => {
    expect(["-rf", "--x", "a-b"].map(asArgument)).toEqual(["./-rf", "./--x", "a-b"])
  })

  it("another variable's name is left alone", () => {
    expect(takesFiles("echo $HAN_FILES_LIST ${HAN_FILE}")).toBe(false)
    expect(withFiles("echo $HAN_FILES_LIST", ["a"])).toBe("echo $HAN_FILES_LIST")
    expect(takesFiles("echo $HAN_FILES")).toBe(true)
  })

  it("long lists go in groups that a system takes, none lost", () => {
    const files = Array.from({ length: 9000 }, (_, index) => `src/it's a long/name of a folder/${index}.ts`)
    const groups = chunked(files)
    expect(groups.length).toBeGreaterThan(1)
    expect(groups.flat()).toEqual(files)
    for (const group of groups) expect(received(`printf '%s\\0' \${HAN_FILES}`, group).length).toBe(group.length)
    for (const group of groups) expect(Buffer.byteLength(quotedList(group))).toBeLessThan(128 * 1024)
    expect(chunked([])).toEqual([])
  })
})
