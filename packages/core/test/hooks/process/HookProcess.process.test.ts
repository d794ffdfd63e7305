import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { eventually, put, temporary } from "../../../../../test/transcriptTree.ts"
import { type HookProcessEnd, type HookProcessOptions, runHookProcess } from "../../../src/hooks/process/hookProcess.ts"
import { elapsed, environment, exited, isThere, listener, optionsIn, programArgs, running, started } from "../../hookCommands.ts"

describe("how a command ended", () => {
  for (const code of [0, 1, 2, 126, 127, 130, 255]) {
    it.scopedLive(`A command's end is known with ${code}`, () => Effect.map(running(`exit ${code}`), ({ end }) => expect(end).toEqual(exited(code))))
  }

  it.scopedLive("A command's end by a signal is known", () =>
    Effect.gen(function* () {
      for (const signal of ["SIGTERM", "SIGKILL", "SIGINT"]) {
        expect((yield* running(`kill -${signal.slice(3)} $$`)).end).toEqual({ _tag: "Signalled", signal })
      }
    })
  )

  it.scopedLive("A program that is not there ends with the shell's own code", () =>
    Effect.map(running("no-such-program-here"), ({ end, stderr }) => {
      expect(end).toEqual(exited(127))
      expect(stderr.text).toContain("no-such-program-here")
    })
  )

  it.scopedLive("Fifty commands at once each end with their own output", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const ends = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, index) => index),
        (index) => runHookProcess(optionsIn(folder, `echo out ${index}; echo err ${index} >&2; exit ${index}`, { input: "not read" })),
        { concurrency: "unbounded" }
      )
      for (const [index, { end, stdout, stderr }] of ends.entries()) {
        expect(end).toEqual(exited(index))
        expect([stdout.text, stderr.text]).toEqual([`out ${index}\n`, `err ${index}\n`])
      }
    })
  )

  it.scopedLive("A command is waited for as long as it takes, and not longer", () =>
    Effect.gen(function* () {
      const times: Array<number> = []
      for (let run = 0; run < 5; run++) times.push((yield* elapsed(running("exit 0"))).ms)
      // What would be waited for is outputs that somebody holds.
      expect(Math.min(...times)).toBeLessThan(400)
    })
  )

  it.scopedLive("A command's end is not the end of what it left in the background, which may finish what it says", () =>
    Effect.map(running("(sleep 0.1; echo late) & echo early; exit 1"), ({ end, stdout }) => expect([end, stdout.text]).toEqual([exited(1), "early\nlate\n"]))
  )

  it.scopedLive("A command leaves nothing open, though somebody in the background holds all of it", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const open = () => readdirSync("/dev/fd").length
      yield* runHookProcess(optionsIn(folder, "exit 0", { input: "not read" }))
      const before = open()
      const { end, stdout, stderr } = yield* runHookProcess(
        optionsIn(folder, "setsid sleep 60 <&0 & echo $!; echo done >&2; exit 7", { input: "x".repeat(1 << 20) })
      )
      yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(Number(stdout.text), "SIGKILL")))
      expect([end, stderr.text, isThere(Number(stdout.text))]).toEqual([exited(7), "done\n", true])
      yield* eventually(open, (now) => now <= before)
    })
  )
})

describe("what a command is given", () => {
  it.scopedLive("A command is given its arguments as they are", () =>
    Effect.gen(function* () {
      const args = ["a b", "it's", '"', "$(id) `id` $HOME \\", "line\nline\n", "", "*", "-n", "é 😀", "; exit 3"]
      const { end, stdout } = yield* running(`printf '%s\\0' "$@"`, { args })
      expect(end).toEqual(exited(0))
      expect(stdout.text.split("\0").slice(0, -1)).toEqual(args)
    })
  )

  it.scopedLive("A command is given its own environment, and nothing of ours", () =>
    Effect.gen(function* () {
      const given = { ...environment, HAN_A: "line\nline", "han-b.c": "=", EMPTY: "", HAN_É: "é" }
      const { stdout } = yield* running("env -0", { environment: given })
      const found = stdout.text.split("\0").slice(0, -1)
      const shells = ["PWD=", "SHLVL=", "_="]
      expect(found.filter((each) => !shells.some((name) => each.startsWith(name))).sort()).toEqual(
        Object.entries(given)
          .map(([name, value]) => `${name}=${value}`)
          .sort()
      )
    })
  )

  it.scopedLive("A command reads no start-up file but the one that its environment names, once", () =>
    Effect.gen(function* () {
      const home = yield* temporary
      for (const name of [".bashrc", ".bash_profile", ".profile"]) put(path.join(home, name), "echo read by itself\n")
      const named = put(path.join(home, "named"), "echo read by name\n")
      const command = "echo one; bash -c 'echo two'; bash -c 'bash -c \"echo three\"'"
      expect((yield* running(command, { environment: { ...environment, HOME: home }, input: "" })).stdout.text).toBe("one\ntwo\nthree\n")
      const withName = yield* running("echo one", { environment: { ...environment, HOME: home, BASH_ENV: named }, input: "" })
      expect(withName.stdout.text).toBe("read by name\none\n")
    })
  )

  it.scopedLive("A command gets shell functions and options of its environment, which do not concern the watcher", () =>
    Effect.gen(function* () {
      const strange = { "BASH_FUNC_greet%%": "() {  echo hello\n}", "BASH_FUNC_read%%": "() {  true\n}", TMOUT: "1", SHELLOPTS: "nounset" }
      const { end, stdout } = yield* running("greet; sleep 1.5; exit 4", { environment: { ...environment, ...strange } })
      expect([end, stdout.text]).toEqual([exited(4), "hello\n"])
    })
  )

  it.scopedLive("A command is given none of the pipes of another", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const descriptors = runHookProcess(optionsIn(folder, "ls /dev/fd", { input: "" }))
      const alone = yield* descriptors
      const { fiber } = yield* started(optionsIn(folder, "echo $$; sleep 60", { input: "" }))
      expect((yield* descriptors).stdout).toEqual(alone.stdout)
      yield* Fiber.interrupt(fiber)
    })
  )

  it.scopedLive("A command is run by bash, where there is one", () =>
    Effect.map(running('[[ a == a* ]] && echo "$BASH"'), ({ stdout }) => expect(stdout.text).toBe(existsSync("/bin/bash") ? "/bin/bash\n" : ""))
  )

  it.scopedLive("A command is given its input to the byte", () =>
    Effect.gen(function* () {
      for (const input of ["", "{}\n", "no end", "é😀\0\r\n", "0123456789abcdef".repeat(1 << 18)]) {
        const { stdout } = yield* running("cat", { input, memoryBytes: 1 << 23 })
        expect(stdout.cut).toBe(false)
        expect(stdout.text === input).toBe(true)
      }
    })
  )

  it.scopedLive("A command without input reads an end at once", () => Effect.map(running("cat; echo end"), ({ stdout }) => expect(stdout.text).toBe("end\n")))

  it.scopedLive("A command need not read its input, however long", () =>
    Effect.gen(function* () {
      for (const command of ["exit 5", "sleep 0.2; exit 5", "head -c 10 >/dev/null; exit 5", "exec 0<&-; sleep 0.2; exit 5"]) {
        expect((yield* running(command, { input: "x".repeat(1 << 22) })).end).toEqual(exited(5))
      }
    })
  )

  it.scopedLive("A command has its directory, a group of its own, no other descriptor and no other child", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const { stdout } = yield* runHookProcess(optionsIn(folder, "pwd; echo $$; [ -e /dev/fd/3 ] && echo three; ps -o pgid= -p $$; exec ps -A -o ppid="))
      const [directory, pid, group, ...parents] = stdout.text.split("\n").map((line) => line.trim())
      expect(directory).toBe(folder)
      expect(group).toBe(pid)
      expect(parents).not.toContain(pid)
    })
  )
})

describe("output", () => {
  it.scopedLive("Output is told in lines while it comes", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const { lines, onLine } = listener()
      const told = (stream: "stdout" | "stderr", line: string) => {
        onLine(stream, line)
        if (line === "ready") writeFileSync(path.join(folder, "go"), "")
      }
      const command = "echo ready; until [ -e go ]; do sleep 0.02; done; echo went >&2; printf 'no\\n\\nend'; printf last >&2"
      const { stdout, stderr } = yield* runHookProcess(optionsIn(folder, command, { onLine: told }))
      expect(lines).toEqual({ stdout: ["ready", "no", "", "end"], stderr: ["went", "last"] })
      expect([stdout.text, stderr.text]).toEqual(["ready\nno\n\nend", "went\nlast"])
    })
  )

  it.scopedLive("Output comes with whole characters, over two reads too, and U+FFFD for what is none", () =>
    Effect.gen(function* () {
      const { lines, onLine } = listener()
      const command = "printf 'a\\303'; sleep 0.2; printf '\\251b\\360\\237'; sleep 0.2; printf '\\230\\200\\n'; printf 'x\\377y\\n\\342\\202\\n'"
      const { stdout } = yield* running(command, { onLine })
      expect(lines.stdout).toEqual(["aéb😀", "x\ufffdy", "\ufffd"])
      expect(stdout).toEqual({ text: "aéb😀\nx\ufffdy\n\ufffd\n", bytes: 16, cut: false })
    })
  )

  it.scopedLive("Output comes in pieces where a line is very long", () =>
    Effect.gen(function* () {
      const { lines, onLine } = listener()
      const { stdout } = yield* running("printf x; yes é | head -n 100000 | tr -d '\\n'; echo; echo short", { onLine, memoryBytes: 1 << 20 })
      expect(lines.stdout.at(-1)).toBe("short")
      const pieces = lines.stdout.slice(0, -1)
      expect(pieces.length).toBe(4)
      expect(pieces.every((piece) => Buffer.byteLength(piece) <= 65_536)).toBe(true)
      expect(`${pieces.join("")}\nshort\n` === stdout.text).toBe(true)
    })
  )

  it.scopedLive("Output is in a file with all of both, when one of them is too long", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const command = "echo first >&2; sleep 0.1; seq 1 20000; sleep 0.1; echo last >&2"
      const { stdout, stderr, outputFile } = yield* runHookProcess(optionsIn(folder, command))
      const file = path.join(folder, "outputs", "run.txt")
      expect(outputFile).toBe(file)
      const seq = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join("")
      expect(readFileSync(file, "utf8")).toBe(`first\n${seq}last\n`)
      expect([statSync(file).mode & 0o777, statSync(path.dirname(file)).mode & 0o777]).toEqual([0o600, 0o700])
      expect(stderr).toEqual({ text: "first\nlast\n", bytes: 11, cut: false })
      expect(stdout.text).toMatch(new RegExp(`^1\n2\n[^]*\n… ${seq.length - 65_536} bytes left out, all of it in ${file} …\n[^]*\n20000\n$`))
    })
  )

  it.scopedLive("Output makes no file when it is short", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const { outputFile, stdout } = yield* runHookProcess(optionsIn(folder, "head -c 1000 /dev/zero", { memoryBytes: 1000 }))
      expect([outputFile, stdout.bytes, existsSync(path.join(folder, "outputs"))]).toEqual([null, 1000, false])
    })
  )

  it.scopedLive("Output that cannot be written says so, and the command goes on", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const outputFolder = put(path.join(folder, "file"), "")
      const { end, stdout, outputFile } = yield* runHookProcess(optionsIn(folder, "seq 1 20000; exit 4", { outputFolder }))
      expect([end, outputFile, stdout.cut]).toEqual([exited(4), null, true])
      expect(stdout.text).toMatch(/\n… \d+ bytes left out, and not kept: E\w+.* …\n/)
    })
  )

  it.scopedLive("Output of 100 MB is whole in the file, for little memory", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const command = "yes 0123456789abcdef0123456789abcdef | head -c 100000000; echo err >&2"
      const { stdout, status } = spawnSync(process.execPath, programArgs([optionsIn(folder, command)], "quiet"), { encoding: "utf8", env: process.env })
      expect(status).toBe(0)
      const { ends, growth }: { ends: ReadonlyArray<HookProcessEnd>; growth: number } = JSON.parse(stdout)
      expect(ends[0]?.end).toEqual(exited(0))
      expect(ends[0]?.stdout.bytes).toBe(100_000_000)
      expect(growth).toBeLessThan(60_000_000)
      const line = "0123456789abcdef0123456789abcdef\n"
      const expected = `${line.repeat(Math.ceil(1e8 / line.length)).slice(0, 1e8)}err\n`
      const digest = (data: string | Buffer) => createHash("sha256").update(data).digest("hex")
      expect(digest(readFileSync(ends[0]?.outputFile ?? ""))).toBe(digest(expected))
    })
  )

  it.scopedLive("Output does not wait for a listener that would take hours", () =>
    Effect.gen(function* () {
      let told = 0
      let leftOut = 0
      const onLine = (_: string, line: string) => {
        const until = performance.now() + 20
        while (performance.now() < until);
        const bytes = /^… (\d+) bytes left out here …$/.exec(line)
        if (bytes === null) told++
        else leftOut += Number(bytes[1])
      }
      const { end, stdout } = yield* running("yes 0123456789abcdef | head -c 17000000", { onLine })
      expect([end, stdout.bytes]).toEqual([exited(0), 17_000_000])
      expect(told).toBeGreaterThan(0)
      // A line that is cut by a gap is told as two parts of one, at most two a gap.
      expect(leftOut).toBeGreaterThan(17_000_000 - (told + 1) * 17)
      expect(leftOut).toBeLessThan(17_000_000)
    })
  )
})

describe("what cannot be started", () => {
  const message = (options: HookProcessOptions) =>
    Effect.map(runHookProcess(options), ({ end, stdout, stderr, outputFile }) => {
      expect([stdout.text, stderr.text, outputFile]).toEqual(["", "", null])
      return end._tag === "NotStarted" ? end.message : JSON.stringify(end)
    })

  it.scopedLive("A command that cannot be started says that it is the directory", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const missing = path.join(folder, "missing")
      expect(yield* message(optionsIn(folder, "true", { directory: missing }))).toBe(`The directory ${missing} is not there`)
      const file = put(path.join(folder, "file"), "")
      expect(yield* message(optionsIn(folder, "true", { directory: file }))).toBe(`${file} is no directory`)
    })
  )

  it.scopedLive("A command that cannot be started says that it is too long", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const long = "x".repeat(1 << 18)
      const many = Array.from({ length: 200 }, () => "x".repeat(100_000))
      for (const more of [{ command: `: ${long}` }, { args: [long] }, { args: many }, { environment: { ...environment, LONG: long } }]) {
        expect(yield* message({ ...optionsIn(folder, "true"), ...more })).toMatch(/^The command .* is too long for this system: \d+ bytes \(E2BIG\)$/)
      }
    })
  )

  it.scopedLive("A command that cannot be started says where it has a NUL character", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      expect(yield* message(optionsIn(folder, "echo \0"))).toMatch(/^The command has a NUL/)
      expect(yield* message(optionsIn(folder, "true", { args: ["a", "b\0"] }))).toMatch(/^An argument has a NUL/)
      expect(yield* message(optionsIn(folder, "true", { environment: { A: "\0" } }))).toMatch(/^The variable "A" has a NUL/)
      expect(yield* message(optionsIn(folder, "true", { directory: `${folder}\0` }))).toMatch(/^The directory has a NUL/)
    })
  )
})
