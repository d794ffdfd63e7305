import { execFileSync, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Project } from "han-core/Project"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { meantBy } from "../../src/arguments/ProjectArgument.ts"
import { compiledHan } from "../compiledHan.ts"
import { ended, machine } from "../HanProcess.ts"

const project = (path: string, more: Partial<Project> = {}): Project => ({
  id: path,
  path,
  directories: [{ machine: "test", path }],
  name: path.split("/").at(-1) ?? "",
  repo: null,
  root: null,
  worktreeOf: null,
  defaultBranch: null,
  sessions: 1,
  startedAt: null,
  updatedAt: null,
  ...more
})

describe("what is meant by a project", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "han-projects-")))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ["code/shop/src", "code/my shop", "empty", "tree/a", "tree/b"]) mkdirSync(join(folder, name), { recursive: true })
  symlinkSync(join(folder, "code"), join(folder, "link"))
  const known = [
    project(join(folder, "code/shop"), { repo: "github.com/me/shop" }),
    project(join(folder, "code/my shop")),
    project(join(folder, "tree/a"), { root: join(folder, "tree"), name: "tree" }),
    project(join(folder, "tree/b"), { root: join(folder, "tree"), name: "tree" }),
    project("/gone/worktree")
  ]
  const meant = (asked: string) => {
    const found = meantBy(asked, known)
    return "_tag" in found && found._tag === "CommandFailed" ? found.message : found
  }
  const at = (path: string) => ({ _tag: "Known", project: path })

  it.each([
    ["shop", "shop"],
    ["github.com/me/shop", "github.com/me/shop"],
    [`${folder}/code/shop`, `${folder}/code/shop`],
    [`${folder}/code/shop/`, `${folder}/code/shop`],
    [`${folder}/code/./x/../shop//`, `${folder}/code/shop`],
    [`${folder}/link/shop`, `${folder}/code/shop`],
    [`${folder}/code/shop/src`, `${folder}/code/shop`],
    [`${folder}/code/shop/src/not/there`, `${folder}/code/shop`],
    [`${folder}/code/my shop/`, `${folder}/code/my shop`],
    // The top of the working tree of both.
    [`${folder}/tree`, "tree"],
    ["/gone/worktree/", "/gone/worktree"],
    ["/gone/worktree/below", "/gone/worktree"]
  ])("The project %s is found", (asked, path) => expect(meant(asked)).toEqual(at(path)))

  it("A folder without sessions means no project, and for other unknown names the nearest ones are told", () => {
    expect(meant(`${folder}/empty/`)).toEqual({ _tag: "Empty", folder: `${folder}/empty` })
    expect(meant("shpo")).toMatch(/^there is no project "shpo"; did you mean shop/)
    expect(meant(`${folder}/cod/shop`)).toMatch(/cod\/shop"; did you mean shop/)
    expect(meant("something-else-entirely")).toMatch(/^there is no project "something-else-entirely"; `han usage --by project` lists them$/)
    expect(meant(`${folder}/code`)).toContain(
      `${folder}/code is no project, but 2 projects are in it: ${folder}/code/shop, ${folder}/code/my shop; name one of them`
    )
  })
})

describe("paths and ids on the command line", () => {
  const here = machine()
  const code = join(here.directory, "code")
  const shop = join(code, "my shop")
  const tree = join(code, "my shop-wt")
  const session = "5e550000-0000-4000-8000-0000000000aa"
  const write = (id: string, cwd: string) =>
    writeFileSync(
      join(here.claude, "projects", "p", `${id}.jsonl`),
      `${JSON.stringify({ type: "user", uuid: id, parentUuid: null, timestamp: "2026-11-09T10:00:00.000Z", sessionId: id, cwd, message: { role: "user", content: "mend the till" } })}\n`
    )
  const hanIn = async (folder: string, ...args: ReadonlyArray<string>) => {
    const child = here.startIn(folder, args)
    child.stdin?.end()
    const { code, err, out } = await ended(child)
    return { code, err, out: out.toString() }
  }
  beforeAll(() => {
    mkdirSync(join(here.claude, "projects", "p"), { recursive: true })
    mkdirSync(join(shop, "src"), { recursive: true })
    mkdirSync(join(here.directory, "empty"))
    const git = (...args: ReadonlyArray<string>) => execFileSync("git", ["-C", shop, "-c", "user.name=a", "-c", "user.email=a@b", ...args], { stdio: "ignore" })
    git("init")
    git("commit", "--allow-empty", "-m", "first")
    git("worktree", "add", "-b", "wt", tree)
    write(session, realpathSync(shop))
    write("5e55beef-0000-4000-8000-0000000000aa", realpathSync(tree))
  })
  afterAll(() => here.close())

  it("the very first answer does not take a worktree for a project of its own", async () => {
    const { out } = await hanIn(here.directory, "sessions", "--json")
    expect(JSON.parse(out).sessions.map(({ project }: { readonly project: string }) => project)).toEqual(["my shop", "my shop"])
    // Nor does one of a coordinator that runs: what is new is looked up before it is shown.
    write("5e55cafe-0000-4000-8000-0000000000aa", realpathSync(join(tree, ".")))
    await here.han("index")
    const after = JSON.parse((await hanIn(here.directory, "sessions", "--json")).out)
    expect(new Set(after.sessions.map(({ project }: { readonly project: string }) => project))).toEqual(new Set(["my shop"]))
  })

  it("Paths are meant from where the command is given", async () => {
    const count = async (folder: string, asked: string) => JSON.parse((await hanIn(folder, "sessions", "--project", asked, "--json")).out).total
    for (const asked of [".", "./", "../my shop", "src/"]) expect([asked, await count(shop, asked)]).toEqual([asked, 1])
    expect(await count(join(shop, "src"), ".")).toBe(1)
    expect(JSON.parse((await hanIn(shop, "search", "till", "--project", ".", "--json")).out).total).toBe(1)
    const empty = await hanIn(join(here.directory, "empty"), "sessions", "--project", ".")
    expect(empty).toMatchObject({ code: 0, out: expect.stringMatching(/^No session has worked in .*empty yet\.\n$/) })
    expect(JSON.parse((await hanIn(join(here.directory, "empty"), "search", "till", "-p", "./", "--json")).out)).toEqual({ hits: [], total: 0 })
    for (const json of [[], ["--json"]])
      expect(await hanIn(shop, "sessions", "--project", "my shpo", ...json)).toMatchObject({
        code: 1,
        out: "",
        err: expect.stringContaining("did you mean my shop")
      })
    expect(await hanIn(shop, "search", "no-such-word", "--project", ".")).toMatchObject({ code: 0, out: "Nothing was found.\n" })
    expect(await hanIn(shop, "export", "--all", "../out dir/")).toMatchObject({ code: 0, out: expect.stringContaining("out dir\n") })
    const list = JSON.parse((await hanIn(here.directory, "hook", "list", "--project", "code/my shop/src/", "--json")).out)
    expect(list.projectPath).toBe(realpathSync(shop))
    for (const args of [
      ["hook", "history"],
      ["cache", "list"]
    ]) {
      expect(await hanIn(code, ...args, "--project", "my shop")).toMatchObject({ code: 0 })
      expect(await hanIn(code, ...args, "--project", "my shob")).toMatchObject({ code: 1, err: expect.stringContaining("did you mean my shop") })
    }
  })

  it("an unknown session is told of with the nearest ones; a short id with what it lacks", async () => {
    for (const args of [
      ["session", "5e55000b"],
      ["export", "5e55000b"],
      ["tail", "5e55000b"],
      ["forget", "5e55000b", "--yes"],
      ["search", "x", "--session", "5e55000b"],
      ["hook", "history", "--session", "5e55000b"]
    ])
      expect([args, await hanIn(code, ...args)]).toEqual([
        args,
        { code: 1, out: "", err: expect.stringMatching(/^han: there is no session "5e55000b"; did you mean 5e550000-\S+ \(mend the till\)/) }
      ])
    expect(await hanIn(code, "session", "the till")).toMatchObject({ code: 1, err: expect.stringContaining("did you mean 5e55") })
    expect(await hanIn(code, "session", "5e5")).toMatchObject({
      code: 1,
      err: 'han: "5e5" is too short: the beginning of a session\'s id needs 4 characters at least\n'
    })
    expect(await hanIn(code, "session", "zzzzzzzz")).toMatchObject({ code: 1, err: 'han: there is no session "zzzzzzzz"; `han sessions` lists them\n' })
  })

  it("a limit of nothing shows nothing, and does not say that there is nothing", async () => {
    expect(await hanIn(code, "sessions", "--limit", "0")).toMatchObject({ code: 0, out: "0 of 3 sessions; --limit N shows more\n" })
    expect(JSON.parse((await hanIn(code, "sessions", "--limit", "0", "--json")).out)).toEqual({ sessions: [], total: 3 })
    expect(await hanIn(code, "search", "till", "--limit", "0")).toMatchObject({ code: 0, out: "0 of 3 hits; --limit N shows more\n" })
    expect(await hanIn(code, "hook", "history", "--limit", "0")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^No run of a hook is known that is asked for\. /)
    })
  })
})

describe("a folder that was removed", () => {
  const han = compiledHan(`  gate:\n    event: Stop\n    command: "exit 2"\n`)
  beforeAll(han.build, 120_000)
  afterAll(han.remove)
  const inRemoved = (...command: ReadonlyArray<string>) => {
    const [file = "", ...args] = command
    const script = 'mkdir -p "$0" && cd "$0" && rmdir "$0" && exec "$@"'
    const environment = { PATH: process.env["PATH"] ?? "", HOME: han.folder, HAN_HOME: han.home, HAN_PORT: "0", CLAUDE_CONFIG_DIR: join(han.folder, "claude") }
    const child = spawn("sh", ["-c", script, join(han.folder, "gone"), file, ...args], { env: environment, stdio: ["pipe", "pipe", "pipe"] })
    return child
  }

  it("A removed folder lets every command work that needs none, and starts the coordinator", async () => {
    const program = join(han.folder, "bin", "han")
    const source = join(import.meta.dirname, "..", "..", "bin", "han.mjs")
    for (const command of [[program], ["node", source]])
      for (const args of [
        ["sessions"],
        ["doctor"],
        ["usage"],
        ["search", "x"],
        ["coordinator", "status"],
        ["hook", "list"],
        ["plugin", "list"],
        ["hook", "explain", "Stop"],
        ["index"],
        ["cache", "list"]
      ]) {
        const child = inRemoved(...command, ...args)
        child.stdin.end()
        const { code, err } = await ended(child)
        expect([command, args, code, err]).toEqual([command, args, 0, ""])
      }
  })

  it("A call from a removed folder runs the gates of the project that it names", async () => {
    han.startCoordinator()
    const child = inRemoved("env", `CLAUDE_PROJECT_DIR=${han.project}`, join(han.folder, "bin", "han"), "hook", "run", "Stop")
    child.stdin.end(JSON.stringify({ session_id: "s", cwd: join(han.folder, "gone"), hook_event_name: "Stop" }))
    expect((await ended(child)).code).toBe(2)
  })
})
