import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ended, fromSource, type Machine, machine } from "./HanProcess.ts"
import { DoctorShape, DoctorTotals, IndexShape, MessageShape, SearchShape, SessionShape, SessionsShape, strict, UsageShape } from "./Shapes.ts"

const filesBelow = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort()
/** A file up to its last newline: what a reader of lines has seen of it. */
const completeLines = (path: string): Buffer => {
  const bytes = readFileSync(path)
  return bytes.subarray(0, bytes.lastIndexOf(10) + 1)
}

const agents = "6f98be24-c350-4312-9c8d-ea91b7333a1d"
const tasks = "e191ec92-a00d-4d93-a729-fbdc4058ffa4"
const project = "-home-dev-project"
const long = "77777777-7777-4777-8777-777777777777"
const hanOnly = "88888888-8888-4888-8888-888888888888"

let one: Machine

// Each command is two processes, and machines that run tests are busy.
beforeAll(async () => {
  one = machine(["01-basic", "04-subagents", "08-resume-fork", "13-tasks", "06-compact"])
  const folder = join(one.claude, "projects", project)
  const line = (index: number) =>
    JSON.stringify({
      type: "user",
      uuid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      sessionId: long,
      timestamp: new Date(Date.parse("2026-11-01T10:00:00Z") + index * 1000).toISOString(),
      cwd: "/home/dev/long",
      message: { role: "user", content: `line ${index} \u001b[31m\u001b]0;owned\u0007 ${"padding ".repeat(40)}` }
    })
  writeFileSync(join(folder, `${long}.jsonl`), `${Array.from({ length: 700 }, (_, index) => line(index)).join("\n")}\nnot json\n{"type":"user","half`)
  writeFileSync(
    join(folder, `${hanOnly}-han.jsonl`),
    `${JSON.stringify({ uuid: "99999999-9999-4999-8999-999999999999", sessionId: hanOnly, type: "hook_run", timestamp: "2026-11-01T10:00:00.000Z", cwd: "/home/dev/project", data: { plugin: "core", hook: "lint" } })}\n`
  )
  await one.json("index")
})
afterAll(() => one.close())

// Through the launcher the output goes by way of another process, and the program is loaded from its sources.
describe.each([
  ["compiled", (machine: Machine) => machine],
  ["through the launcher", fromSource]
])("a reader of what is %s", (_, programOf) => {
  it("The command session shows all of it, also to a reader that is late", async () => {
    const { code, out } = await ended(programOf(one).late(["session", long, "--json"]))
    expect(code).toBe(0)
    expect(JSON.parse(out.toString()).messages.length).toBeGreaterThanOrEqual(700)
  })

  it("A reader that goes away is no error", async () => {
    const child = programOf(one).start(["export", agents, "--format", "json"])
    child.stdout?.once("data", () => child.stdout?.destroy())
    const { code, err } = await ended(child)
    expect([code, err]).toEqual([0, ""])
  })
})

describe("every command", () => {
  it("The command index reads nothing the second time", async () => {
    const report = Schema.decodeUnknownSync(IndexShape, strict)(await one.json("index"))
    expect(report).toMatchObject({ bytesRead: 0, appended: 0, unreadable: 1 })
    const files = filesBelow(join(one.claude, "projects")).filter((name) => name.endsWith(".jsonl"))
    expect(report.transcripts).toBe(files.length)
    expect(report.entries).toBe(files.reduce((sum, name) => sum + completeLines(join(one.claude, "projects", name)).filter((byte) => byte === 10).length, 0))
    const { err, out } = await one.han("index")
    expect(out.toString()).toMatch(/^[\d,]+ lines of \d+ transcripts kept, 1 unreadable.*\nthis pass: 0 new lines, 0 B read in /)
    expect(err).toBe("")
  })

  it("The command sessions shows the newest first, as many as asked for", async () => {
    const all = Schema.decodeUnknownSync(SessionsShape, strict)(await one.json("sessions"))
    expect(all.sessions).toHaveLength(all.total)
    const updated = all.sessions.map(({ updatedAt }) => updatedAt ?? "")
    expect(updated).toEqual([...updated].sort().reverse())
    const two = Schema.decodeUnknownSync(SessionsShape, strict)(await one.json("sessions", "--limit", "2"))
    expect([two.sessions.length, two.total]).toEqual([2, all.total])
    expect(await one.han("sessions", "--project", "nowhere", "--json")).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no project "nowhere"')
    })
    expect(Schema.decodeUnknownSync(SessionsShape, strict)(await one.json("sessions", "--project", "long")).sessions.map(({ id }) => id)).toEqual([long])
    const table = (await one.han("sessions")).out.toString()
    expect(table).toMatch(/^SESSION +UPDATED +STATUS +MESSAGES +COST +PROJECT +BRANCH +TITLE\n/)
    expect(table).toContain(long)
    expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })

  it("The command session shows everything about one, by the beginning of its id", async () => {
    const shape = Schema.decodeUnknownSync(SessionShape)(await one.json("session", agents.slice(0, 10)))
    expect(shape.session.id).toBe(agents)
    expect(shape.agents).toHaveLength(6)
    expect(shape.messages.length).toBeGreaterThan(5)
    expect(Schema.decodeUnknownSync(SessionShape)(await one.json("session", tasks)).tasks.length).toBeGreaterThan(0)
    const text = (await one.han("session", tasks)).out.toString()
    expect(text).toContain("\nTasks\n")
    expect(text).toContain("\nUsage\n")
    expect(text).toMatch(/ {2}user\n/)
  })

  it("The command session shows more than one page, and more than a pipe holds", async () => {
    const { out } = await one.han("session", long, "--json")
    expect(out.length).toBeGreaterThan(200_000)
    const { messages } = Schema.decodeUnknownSync(SessionShape)(JSON.parse(out.toString()))
    expect(messages.filter(({ kind }) => kind === "prompt").map(({ line }) => line)).toEqual(Array.from({ length: 700 }, (_, line) => line))
    const text = (await one.han("session", long)).out
    expect(text.length).toBeGreaterThan(200_000)
    expect(text.toString()).toContain("line 699")
    expect(text.toString()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })

  it("The command search shows hits with what stands around them", async () => {
    const found = Schema.decodeUnknownSync(SearchShape, strict)(await one.json("search", "line", "padding", "--limit", "3"))
    expect([found.hits.length, found.total]).toEqual([3, 700])
    expect(found.hits[0]?.at).toBe("2026-11-01T10:11:39.000Z")
    expect(await one.json("search", "zebra-crossing")).toEqual({ hits: [], total: 0 })
    expect(Schema.decodeUnknownSync(SearchShape)(await one.json("search", "padding", "-line")).total).toBe(0)
    expect(
      Schema.decodeUnknownSync(SearchShape)(
        await one.json(
          "search",
          "padding",
          "--since",
          "2026-11-01T10:11:00Z",
          "--session",
          long.slice(0, 8),
          "--role",
          "user",
          "--kind",
          "prompt",
          "--order",
          "rank"
        )
      ).total
    ).toBe(40)
    expect(Schema.decodeUnknownSync(SearchShape)(await one.json("search", "padding", "--until", "2026-10-31")).total).toBe(0)
    const text = (await one.han("search", "padding", "--limit", "1")).out.toString()
    expect(text).toMatch(/^2026-11-01 05:11 {2}77777777-\S+ {2}user\n {2}.*padding.*\n1 of 700 hits; --limit N shows more\n$/)
    expect((await one.han("search", "padding", "--limit", "1", "--utc")).out.toString()).toMatch(/^2026-11-01 10:11/)
  })

  it("The command usage has rows that add up to the totals", async () => {
    for (const by of ["day", "model", "project", "session"]) {
      const { rows, totals } = Schema.decodeUnknownSync(UsageShape, strict)(await one.json("usage", "--by", by))
      for (const key of ["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h", "costNanoUsd", "responses"] as const)
        expect(rows.reduce((sum, row) => sum + row[key], 0)).toBe(totals[key])
      expect(totals.responses).toBeGreaterThan(0)
    }
    expect(Schema.decodeUnknownSync(Schema.Struct({ check: Schema.Array(Schema.Unknown) }))(await one.json("usage", "--check")).check).toBeInstanceOf(Array)
    expect((await one.han("usage", "--by", "model", "--check")).out.toString()).toMatch(/^MODEL +RESPONSES/)
    expect(Schema.decodeUnknownSync(UsageShape)(await one.json("usage", "--since", "2099-01-01")).totals.responses).toBe(0)
  })

  it("The command doctor shows totals, problems with file and offset, versions, and the next deletion", async () => {
    const doctor = Schema.decodeUnknownSync(DoctorShape)(await one.json("doctor"))
    Schema.decodeUnknownSync(Schema.Struct({ totals: DoctorTotals }).pipe(Schema.pick("totals")))(doctor)
    expect(doctor.problems.find(({ kind }) => kind === "unreadable")).toMatchObject({
      path: join(one.claude, "projects", project, `${long}.jsonl`),
      line: 700,
      lines: 1
    })
    expect(doctor.cleanup.find(({ root }) => root === one.claude)?.nextDeletionAt).not.toBeNull()
    expect(doctor.totals.subagents).toBe(6)
    const text = (await one.han("doctor")).out.toString()
    for (const part of ["Coordinator\n", "Folders\n", "Kept\n", "Claude Code's own deletion\n", "line 701, byte"]) expect(text).toContain(part)
  })

  it("The command export gives any transcript byte for byte", async () => {
    const transcripts = filesBelow(join(one.claude, "projects")).filter((name) => name.endsWith(".jsonl"))
    await Promise.all(
      [...transcripts.filter((name) => !name.includes("/subagents/")), ...transcripts.filter((name) => name.includes("/subagents/")).slice(0, 2)].map(
        async (name) => {
          const parts = name.split("/")
          const file = (parts.at(-1) ?? "").replace(/\.jsonl$/, "").replace(/-han$/, "")
          const args = parts.at(-2) === "subagents" ? [parts.at(-3) ?? "", "--agent", file.replace("agent-", "")] : [file]
          const { code, err, out } = await one.han("export", ...args)
          expect([code, err]).toEqual([0, ""])
          expect(out.equals(completeLines(join(one.claude, "projects", name)))).toBe(true)
        }
      )
    )
  })

  it("The command export writes readable text, and an array", async () => {
    const markdown = (await one.han("export", tasks, "--format", "markdown", "--utc")).out.toString()
    expect(markdown).toMatch(/^# .+\n\n- session: /)
    expect(markdown).toContain("\n## user · 20")
    const messages = Schema.decodeUnknownSync(
      Schema.Array(MessageShape),
      strict
    )(JSON.parse((await one.han("export", long, "--format", "json")).out.toString()))
    expect(messages.length).toBeGreaterThanOrEqual(700)
    expect((await one.han("export", agents, "--agent", "a5a0c90cfa7f027de", "--format", "markdown")).out.toString()).toContain("- subagent: a5a0c90cfa7f027de")
  })

  it("The command export --all writes the whole tree, closed to others", async () => {
    const directory = join(one.directory, "out")
    const { code, out } = await one.han("export", "--all", directory)
    expect([code, out.toString()]).toEqual([0, expect.stringContaining(directory)])
    const kept = join(directory, "claude-code")
    for (const name of filesBelow(join(one.claude, "projects")).filter((name) => /\.(jsonl|meta\.json)$/.test(name))) {
      const [, ...inside] = name.split("/")
      const session = (inside[0] ?? "").replace(/\.jsonl$/, "").replace(/-han$/, "")
      const exported = inside.length > 1 ? join(kept, ...inside) : join(kept, session, inside[0] ?? "")
      const source = join(one.claude, "projects", name)
      expect(readFileSync(exported).equals(name.endsWith(".jsonl") ? completeLines(source) : readFileSync(source))).toBe(true)
    }
    for (const name of filesBelow(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
  })

  it("The command export gives every content that a file had, also when it is gone", async () => {
    const session = "66666666-6666-4666-8666-666666666666"
    const path = join(one.claude, "projects", project, `${session}.jsonl`)
    const content = (text: string) =>
      Array.from(
        { length: 3 },
        (_, index) => `${JSON.stringify({ type: "user", uuid: `${text}-${index}`, sessionId: session, message: { role: "user", content: text } })}\n`
      ).join("")
    writeFileSync(path, content("first"))
    await one.json("index")
    writeFileSync(path, content("second, which is not the same"))
    await one.json("index")
    rmSync(path)
    await one.json("index")
    expect((await one.han("export", session)).out.toString()).toBe(content("second, which is not the same"))
    expect((await one.han("export", session, "--generation", "1")).out.toString()).toBe(content("first"))
    const directory = join(one.directory, "generations")
    expect((await one.han("export", "--all", directory)).code).toBe(0)
    expect(readFileSync(join(directory, "claude-code", session, `${session}.generation-1.jsonl`), "utf8")).toBe(content("first"))
  })

  it("The command tail says what is being written, until interrupted", async () => {
    const child = one.start(["tail", tasks])
    const seen: Array<string> = []
    child.stdout?.on("data", (chunk: Buffer) => seen.push(chunk.toString()))
    const done = ended(child)
    const path = join(one.claude, "projects", project, `${tasks}.jsonl`)
    const says = (text: string) =>
      appendFileSync(
        path,
        `${JSON.stringify({ type: "user", uuid: crypto.randomUUID(), sessionId: tasks, timestamp: "2026-11-22T10:00:00Z", cwd: "/home/dev/project", message: { role: "user", content: text } })}\n`
      )
    // Whether it listens already cannot be seen from outside, so more is said until it has heard something.
    for (let round = 0; round < 100 && seen.length === 0; round++) {
      says(`hello \u001b[31mtail ${round}`)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(seen.join("")).toMatch(/e191ec92-\S+ {2}2026-11-22 05:00:00 {2}user\n {2}hello tail \d+\n/)
    child.kill("SIGINT")
    expect(await done).toMatchObject({ code: 0, signal: null, err: "" })
  })

  it("The command coordinator shows status and logs, and starts again", async () => {
    expect(await one.json("coordinator", "status")).toMatchObject({ running: true, home: one.home })
    expect((await one.han("coordinator", "status")).out.toString()).toContain("process ")
    expect((await one.han("coordinator", "logs", "--lines", "1")).out.toString().trim().split("\n")).toHaveLength(1)
    expect((await one.han("coordinator", "start")).out.toString()).toContain("is running")
  })

  it("The command forget asks first, then removes for good", async () => {
    const refused = await one.han("forget", long)
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("--yes")])
    const done = await one.han("forget", long, "--yes")
    expect([done.code, done.out.toString()]).toEqual([0, expect.stringMatching(/^1 session with 70\d lines removed for good/)])
    await one.json("index")
    expect((await one.han("session", long)).err).toContain("there is no session")
    expect((await one.han("forget", long, "--yes")).err).toContain("forgotten already")
    expect((await one.han("forget", "--before", "2000-01-01", "--yes")).out.toString()).toContain("nothing was removed")
  })
})

describe("what goes wrong", () => {
  it("A mistake is answered on one line that says what to do", async () => {
    for (const [args, part, code] of [
      [["session", "ffffffff"], 'there is no session "ffffffff"', 1],
      [["export", "ffffffff"], "there is no session", 1],
      [["export", agents, "--agent", "nobody"], 'no subagent "nobody"', 1],
      [["export", agents, "--generation", "9"], "no generation 9", 1],
      [["sessions", "--nope"], 'unknown option "--nope"', 2],
      [["nope"], 'unknown command "nope"', 2]
    ] as const) {
      const { code: have, err, out } = await one.han(...args)
      expect([have, out.length, err.trimEnd().split("\n").length]).toEqual([code, 0, 1])
      expect(err).toMatch(/^han: /)
      expect(err).toContain(part)
    }
  })
})
