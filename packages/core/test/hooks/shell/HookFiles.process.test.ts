import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import * as FastCheck from "effect/FastCheck"
import { afterAll, describe, expect, it } from "vitest"
import { runs } from "../../../../../test/runs.ts"
import { takesFiles } from "../../../src/hooks/Hook.ts"
import { asArgument, chunked, commandFor, quotedList } from "../../../src/hooks/shell/hookFiles.ts"

const folder = mkdtempSync(path.join(tmpdir(), "hook-files-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const F = "${HAN_FILES}"
const listing = "printf '%s\\0'"

const written = (command: string): string => {
  const answer = commandFor(command)
  if ("refused" in answer) throw new Error(`${command}: ${answer.refused}`)
  return answer.command
}

const refusal = (command: string): string => {
  const answer = commandFor(command)
  return "refused" in answer ? answer.refused : `not refused: ${answer.command}`
}

/** What this command writes when it runs with these files. */
const output = (command: string, files: ReadonlyArray<string>): string =>
  execFileSync("/bin/bash", ["-c", written(command), "hook", ...files], {
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", HAN_FILES: quotedList(files) },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"]
  })

/** What its programs get, each name ended by a zero. */
const received = (command: string, files: ReadonlyArray<string>): ReadonlyArray<string> => output(command, files).split("\0").slice(0, -1)

const accepted = (command: string): boolean => spawnSync("/bin/bash", ["-n", "-c", command], { stdio: "ignore" }).status === 0

const nasty = [
  "a b.ts",
  "it's.ts",
  'say "hi".ts',
  "$(touch pwned).ts",
  "`touch pwned`.ts",
  "a\nb.ts",
  "a\nEOF\ntouch pwned",
  "*.ts",
  "a;b&c|d.ts",
  "$&.ts",
  "\\n.ts",
  "ü.ts",
  "~root",
  "#x",
  "!x",
  "{a,b}",
  "${HAN_FILES}",
  asArgument("-rf")
]

/** Forms that hand each file on as one word. */
const forms: ReadonlyArray<readonly [string, string]> = [
  ["bare", `${listing} ${F}`],
  ["without braces", `${listing} $HAN_FILES`],
  ["in double quotes", `${listing} "${F}"`],
  ["in single quotes", `${listing} '${F}'`],
  ["in double quotes of another language", `${listing} $"${F}"`],
  ["in quotes with escapes", `${listing} $'${F}'`],
  ["twice over a pipe", `true ${F} | ${listing} ${F}`],
  ["within a shell in double quotes", `sh -c "printf '%s\\\\0' ${F}"`],
  ["within a shell in single quotes", `sh -c 'printf "%s\\0" ${F}'`],
  ["alone in quotes of a shell in single quotes", `sh -c 'printf "%s\\0" "${F}"'`],
  ["alone in quotes of a shell in double quotes", `sh -c "printf '%s\\\\0' \\"${F}\\""`],
  ["alone in apostrophes of a shell in double quotes", `sh -c "printf '%s\\\\0' '${F}'"`],
  ["in parentheses within quotes of a shell in single quotes", `bash -c 'test -n "$(printf "%s\\n" ${F} | wc -l)" && printf "%s\\0" ${F}'`],
  ["a message and a call in one shell", `bash -c 'echo "Linting ${F}" >&2; printf "%s\\0" ${F}' 2>/dev/null`],
  ["eval", `eval "printf '%s\\\\0' ${F}"`],
  ["a trap", `trap 'printf "%s\\0" ${F}' EXIT`],
  ["after an escaped quote", `${listing} ${F} # \\" it's`],
  ["after a comment with an apostrophe", `# it's\n${listing} ${F}`],
  ["no comment within a word", `: a#it\\'s; ${listing} ${F}`],
  ["after an escaped apostrophe in $'…'", `: $'it\\'s'; ${listing} ${F}`],
  ["after a here-document with an apostrophe", `cat >/dev/null <<EOF\nit's\nEOF\n${listing} ${F}`],
  ["after a quoted here-document", `cat >/dev/null <<'EOF'\nit's $( \` "\nEOF\n${listing} ${F}`],
  ["after two here-documents", `cat >/dev/null <<A 3<<-"B C"; : "$(( 1 << 2 ))"\nit's\nA\n\t"\n\tB C\n${listing} ${F}`],
  ["after a line that goes on in a here-document", `cat >/dev/null <<EOF\na \\\nEOF\nit's\nEOF\n${listing} ${F}`],
  ["on the line of a here-document", `${listing} ${F} <<EOF\nit's\nEOF`],
  ["a here-document of a shell", `bash <<EOF\nprintf '%s\\0' ${F}\nEOF`],
  [
    "parentheses in a here-document",
    `cat >/dev/null <<EOF
it's $(printf "it's)")
EOF
${listing} ${F}`
  ],
  ["a loop", `for f in ${F}; do printf '%s\\0' "$f"; done`],
  ["a loop of numbers", `for ((i = 0; i < 1; i++)); do ${listing} ${F}; done`],
  ["an array", `all=(${F}); ${listing} "\${all[@]}"`],
  ["a subshell", `(cd / && ${listing} ${F})`],
  ["a group", `{ ${listing} ${F}; }`],
  ["a case", `case a in (b) false;; a|c) case x in x) ${listing} ${F};; esac;; *) : "it's";; esac`],
  ["a case in parentheses", `cat <(case a in a) ${listing} ${F};; esac)`],
  ["a condition", `if [[ ( a =~ ^(a|b)$ ) && 1 < 2 ]]; then ${listing} ${F}; fi`],
  ["arithmetic", `(( 1 << 2 )) && : $(( 16#ff + $(echo 1) )) && ${listing} ${F}`],
  ["an expansion", `: \${x:-it\\'s} "\${x:-it"s"}" \${#x} \${x#"'"} $# $$; ${listing} ${F}`],
  ["instead of an unset variable", `${listing} \${UNSET:-${F}}`],
  ["instead of an unset variable, in quotes", `${listing} \${UNSET:-"${F}"}`],
  ["other redirections", `${listing} ${F} 2>&1 3>/dev/null 4<&0 <<< "it's"`],
  ["a shell's options", `set -euo pipefail; ${listing} ${F}`]
]

/** Forms with parentheses that bring the names from within; `%` is what is called there. */
const parentheses: ReadonlyArray<readonly [string, string]> = [
  ["in double quotes", `cat "$(%)"`],
  ["backticks in double quotes", 'cat "`%`"'],
  ["backticks", "cat `%`"],
  ["twice nested", `cat "$(echo "$(%)")"`],
  ["after other quotes", `cat "$(: 'a)' "b)" # c)\n:)$(%)"`],
  ["in an expansion in quotes", `cat "\${UNSET:-$(%)}"`],
  ["in a here-document", `cat "$(cat <<EOF\n$(%)\nEOF\n)"`],
  ["with a here-document within", `cat "$(cat >/dev/null <<EOF\nit's )\nEOF\n%)"`],
  ["a subshell within", `cat "$( (%) )"`],
  ["a case within", `cat "$(case a in a) %;; esac)"`],
  ["in arithmetic", `cat "$(%)" "/dev/fd/$(( $(: ${F}; echo 0) ))"`]
]

describe("files in commands", () => {
  it.each(forms)("Each file is one word, whatever its name: %s", (_, command) => {
    expect(received(command, nasty)).toEqual(nasty)
  })

  it.each(parentheses)("Each file is one word within parentheses: %s", (_, form) => {
    const file = path.join(folder, "received")
    const command = form.replace("%", `printf '%s\\0' ${F} >${file}; echo ${file}`)
    expect(output(command, nasty).split("\0").slice(0, -1)).toEqual(nasty)
  })

  it("a message in quotes names the files as they would be typed", () => {
    expect(output(`echo "It's ${F}."`, ["a b", "c"])).toBe("It's 'a b' 'c'.\n")
    expect(output(`echo "bad: '${F}'"`, ["a b", "c"])).toBe("bad: 'a b' 'c'\n")
    expect(output(`cat <<EOF\nIt's "${F}"\nEOF`, ["a b"])).toBe(`It's "'a b'"\n`)
    expect(output(`cat <<'EOF'\n${F} \`$(\nEOF`, ["a b"])).toBe(`${F} \`$(\n`)
  })

  it("A command that expects one word gets one", () => {
    for (const test of [`[ -n "${F}" ]`, `test -n ${F}`, `[[ -n ${F} ]]`, `[ ! -z "${F}" ]`, `[ "${F}" != "" ]`, `bash -c '[ -n "${F}" ]'`])
      expect(output(`if ${test}; then echo yes; fi`, nasty)).toBe("yes\n")
    expect(output(`echo -n ${F}`, ["a", "b"])).toBe("a b")
  })

  it("No file name is run as a command", () => {
    for (const [, command] of forms) output(command, nasty)
    expect(execFileSync("ls", [folder], { encoding: "utf8" })).not.toContain("pwned")
  })

  it.each([
    ["a function", `f() { eslint ${F}; }; f`, "a function"],
    ["a function with a word", `function f { eslint ${F}; }; f`, "a function"],
    ["a function after a blank", `f () (eslint ${F}); f`, "a function"],
    ["other arguments", `set -- a; eslint ${F}`, "`set`"],
    ["other arguments after options", `set -e a; eslint ${F}`, "`set`"],
    ["fewer arguments", `if true; then shift; fi; eslint ${F}`, "`shift`"],
    ["a double quote", `eslint ${F} "`, "double quote"],
    ["an apostrophe", `echo it's ${F}`, "single quote"],
    ["a backtick", `echo \` ${F}`, "backtick"],
    ["a parenthesis", `echo "$(cat ${F} "`, "not closed"],
    ["a word of which it is only a part", `eslint --files=${F}`, "within a word"],
    ["an argument that looks like an assignment", `env LINT="${F}" lint`, "within a word"],
    ["the same without quotes", `env LINT=${F} lint`, "within a word"],
    ["a word that goes on", `cat ${F}.bak`, "within a word"],
    ["a test without quotes", `[ ${F} ] || exit 0`, "in a test"],
    ["a parenthesis too many", `cat ${F})`, "none opened"],
    ["a here-document", `cat <<EOF\n${F}`, "here-document"],
    ["a brace", `echo \${x:-${F}`, "`${`"],
    ["an apostrophe in an expansion in quotes", `echo "\${x:-'it}'s}" ${F}`, "apostrophe"],
    ["a case", `case x in x) cat ${F};;`, "`case`"],
    ["quotes within quotes for a shell", `sh -c "echo 'lint ${F} now'"`, "quotes within the quotes"],
    ["quotes within quotes of one word", `sh -c 'echo '\\''${F}'\\'''`, "several quotes"],
    ["backticks within single quotes", `sh -c 'cat \`ls ${F}\`'`, "backticks"],
    ["a word in an expansion in quotes", `cat "\${x:-${F}}"`, "one word"]
  ])("A command that cannot be followed is refused with a reason: %s", (_, command, why) => {
    expect(refusal(command)).toContain(why)
  })

  it("functions are no matter when the files are not the shell's arguments", () => {
    expect(received(`f() { bash -c 'printf "%s\\0" ${F}'; }; f`, nasty)).toEqual(nasty)
  })

  it("A command that is nested too deeply ends in a refusal", () => {
    for (const open of ["(", "$(", '"$(', "${x:-", "$((", "`"]) expect(refusal(`cat ${F}; ${open.repeat(20_001)}`)).not.toContain("not refused")
  })

  it("Files of any names arrive as they are", () => {
    const name = FastCheck.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter((text) => !text.includes("\0") && text.isWellFormed())
    FastCheck.assert(
      FastCheck.property(FastCheck.array(name, { minLength: 1, maxLength: 5 }), (names) => {
        expect(received(`printf '%s\\0' ${F}`, names)).toEqual(names)
        expect(received(`bash -c 'printf "%s\\0" ${F}'`, names)).toEqual(names)
        expect(received(`bash <<EOF\n: "$(printf '%s\\0' ${F} >&2)" 2>/dev/null\nprintf '%s\\0' ${F}\nEOF`, names)).toEqual(names)
      }),
      { numRuns: runs(60, 15) }
    )
  })

  it("Commands of any nesting get the files as they are", () => {
    /** A command that prints `{`, the names, `}` for each place; with how many places it has. */
    interface Nested {
      readonly text: string
      readonly places: number
    }
    const said = "printf '<%s>' "
    const { command } = FastCheck.letrec<{ command: Nested }>((tie) => {
      const leaf = FastCheck.constantFrom(
        `${said}${F}`,
        `${said}"${F}"`,
        `${said}'${F}'`,
        `${said}$HAN_FILES`,
        `sh -c "printf '<%s>' ${F}"`,
        `bash -c 'printf "<%s>" ${F}'`
      )
      const one = (write: (text: string) => string) => tie("command").map(({ text, places }) => ({ text: write(text), places }))
      const two = (between: string) =>
        FastCheck.tuple(tie("command"), tie("command")).map(([a, b]) => ({ text: a.text + between + b.text, places: a.places + b.places }))
      return {
        command: FastCheck.oneof(
          { depthSize: "small", withCrossShrink: true },
          leaf.map((text) => ({ text, places: 1 })),
          one((text) => `printf %s "$( ${text}\n)"`),
          one((text) => `printf %s "it's $( ${text}\n)" | sed "s/^it's //"`),
          one((text) => `( ${text}\n)`),
          one((text) => `{ ${text}\n}`),
          one((text) => `${text} | cat`.replace(/^([\s\S]*)\n( \| cat)$/, "{ $1\n}$2")).filter(({ text }) => !text.includes("<<")),
          one((text) => `: "it's" # don't "$(\n${text}`),
          one((text) => `cat >/dev/null <<E1 <<'E2'\nit's "\nE1\n$( \`\nE2\n${text}`),
          one((text) => `tr -d '\\n' <<-E3\n\t$( ${text}\n)\n\tE3\n`).filter(({ text }) => !/E3[\s\S]*E3[\s\S]*E3|E1/.test(text)),
          one((text) => `case "it's" in it*) ${text}\n;; (*) false;; esac`),
          one((text) => `if [[ -n "\${x:-it"s"}" ]]; then ${text}\nfi`),
          one((text) => `cat <( ${text}\n)`),
          one((text) => `printf %s "\${UNSET:-$( ${text}\n)}"`),
          one((text) => `: $'it\\'s' $(( 1 << 2 )) \${#x}\n${text}`),
          // On lines of their own: within parentheses bash 5.2 drops what follows a `;` after a here-document.
          two("\n"),
          two("\n: \\'\n")
        )
      }
    })
    const names = ["a b", "it's", 'q"', "$(id)", "`id`", "*", "ü", "\\n"]
    const expected = names.map((name) => `<${name}>`).join("")
    FastCheck.assert(
      FastCheck.property(command, ({ text, places }) => {
        expect(accepted(text)).toBe(true)
        expect(accepted(written(text))).toBe(true)
        expect(output(text, names).replaceAll("\n", "")).toBe(expected.repeat(places))
      }),
      { numRuns: runs(150, 30) }
    )
  }, 120_000)

  it("Bash still accepts a command that it accepted before the files were put in", () => {
    const piece = FastCheck.constantFrom(
      ..."\" ' ` $( ) ( { } ${x:- ${x# $(( )) ; ;; | & && < > << <<- <<< <( \\ # $' $\" [[ ]] [ -n ] case in esac if then fi f() a= x EOF -c sh".split(" "),
      "\n",
      " ",
      " ",
      F,
      F,
      ` ${F} `,
      `"${F}"`
    )
    let judged = 0
    FastCheck.assert(
      FastCheck.property(FastCheck.array(piece, { minLength: 1, maxLength: 9 }), (pieces) => {
        const answer = commandFor(pieces.join(""))
        if ("refused" in answer || answer.command === pieces.join("") || !accepted(pieces.join(""))) return
        judged++
        expect(accepted(answer.command)).toBe(true)
      }),
      { numRuns: runs(4000, 300) }
    )
    expect(judged).toBeGreaterThan(runs(20, 0))
    for (const [, command] of forms) if (accepted(command)) expect(accepted(written(command))).toBe(true)
  }, 120_000)

  it("a text without files stays as it is", () => {
    for (const [, command] of [...forms, ...parentheses]) {
      const without = command.replaceAll(F, "x").replaceAll("$HAN_FILES", "y")
      expect(commandFor(without)).toEqual({ command: without })
    }
  })

  it("a name like an option is a path", () => {
    expect(["-rf", "--x", "a-b"].map(asArgument)).toEqual(["./-rf", "./--x", "a-b"])
  })

  it("another variable's name is left alone", () => {
    expect(takesFiles({ command: "echo $HAN_FILES_LIST ${HAN_FILE}" })).toBe(false)
    expect(written("echo $HAN_FILES_LIST")).toBe("echo $HAN_FILES_LIST")
    expect(takesFiles({ command: "echo $HAN_FILES" })).toBe(true)
  })

  it("long lists go in groups that a system takes, none lost", () => {
    const files = Array.from({ length: 9000 }, (_, index) => `src/it's a long/name of a folder/${index}.ts`)
    const groups = chunked(files)
    expect(groups.length).toBeGreaterThan(1)
    expect(groups.flat()).toEqual(files)
    for (const group of groups) {
      expect(received(`printf '%s\\0' ${F}`, group).length).toBe(group.length)
      expect(received(`bash -c 'printf "%s\\0" ${F}'`, group).length).toBe(group.length)
      expect(Buffer.byteLength(quotedList(group))).toBeLessThan(128 * 1024)
    }
    expect(chunked([])).toEqual([])
  })

  it("a test has one word, however many files there are", () => {
    for (const test of [`[ "${F}" ]`, `test "${F}"`, `[[ "${F}" ]]`, `[ "" != "${F}" ]`, `[ -n "${F}" ]`, `[ -n ${F} ]`]) {
      expect(output(`if ${test}; then echo some; else echo none; fi`, ["a b.ts", "c.ts"]), test).toBe("some\n")
    }
  })
})
