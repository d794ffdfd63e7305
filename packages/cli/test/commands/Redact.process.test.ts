import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { type Machine, machine } from "../HanProcess.ts"

const machines: Array<Machine> = []
afterEach(async () => {
  for (const one of machines.splice(0)) await one.close()
})
const fresh = (): Machine => {
  const one = machine()
  machines.push(one)
  return one
}
/** Put together here, so that no scanner of secrets takes this file for a leak. */
const token = `gh${"p_"}Ab3dEfGh1jKlMn0pQrStUvWxYz7Ab3dEfGh1`
const session = "5b701211-d820-4a2b-a533-715b28c0132f"

it("han sync redact shows a file without its secrets, or where they are, and needs no coordinator", async () => {
  const one = fresh()
  const file = join(one.directory, "lines.jsonl")
  const value = "correct-horse-battery"
  writeFileSync(file, `{"type":"user","n":1.0,"message":{"content":"use ${token}"}}\nplain ${value}\n`)
  const secret = { DEPLOY_TOKEN: value }
  const shown = await one.hanWith(secret, "sync", "redact", "lines.jsonl")
  expect(shown).toMatchObject({ code: 0, err: "" })
  expect(shown.out.toString()).toBe('{"type":"user","n":1.0,"message":{"content":"use [REDACTED:github-pat]"}}\nplain [REDACTED:DEPLOY_TOKEN]\n')
  const explained = await one.hanWith(secret, "sync", "redact", "--explain", "lines.jsonl")
  expect(explained.out.toString()).toBe(`1:50  github-pat  /message/content\n2:7  DEPLOY_TOKEN\n2 secrets in ${file}\n`)
  expect(JSON.parse((await one.hanWith(secret, "sync", "redact", "--explain", "--json", "lines.jsonl")).out.toString())).toEqual({
    file,
    findings: [
      { line: 1, column: 50, pointer: "/message/content", rule: "github-pat" },
      { line: 2, column: 7, pointer: null, rule: "DEPLOY_TOKEN" }
    ]
  })
  writeFileSync(file, "nothing\n")
  expect((await one.han("sync", "redact", "--explain", file)).out.toString()).toBe(`0 secrets in ${file}\n`)
  expect(await one.han("sync", "redact", "--explain", "missing")).toMatchObject({ code: 1, err: expect.stringContaining("missing cannot be read: ") })
  expect(await one.han("sync", "redact")).toMatchObject({ code: 2 })
  expect(existsSync(one.home)).toBe(false)
})

it("han export --redact takes secrets out of every format, and of all that --all writes", async () => {
  const one = fresh()
  const folder = join(one.claude, "projects", "-home-dev-project")
  mkdirSync(folder, { recursive: true })
  const said = {
    type: "user",
    uuid: "u1",
    sessionId: session,
    timestamp: "2026-11-22T10:00:00.000Z",
    message: { role: "user", content: `the token is ${token}` }
  }
  writeFileSync(join(folder, `${session}.jsonl`), `${JSON.stringify(said)}\n`)
  expect((await one.han("index")).code).toBe(0)
  expect((await one.han("export", session)).out.toString()).toContain(token)
  for (const format of ["jsonl", "markdown", "json"]) {
    const { code, out } = await one.han("export", session, "--format", format, "--redact")
    expect(code).toBe(0)
    expect(out.toString(), format).toContain("the token is [REDACTED:github-pat]")
    expect(out.toString(), format).not.toContain(token.slice(8))
  }
  expect((await one.han("export", session, "--redact")).out.toString()).toBe(`${JSON.stringify(said).replace(token, "[REDACTED:github-pat]")}\n`)
  const directory = join(one.directory, "out")
  expect((await one.han("export", "--all", directory, "--redact")).code).toBe(0)
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jsonl"))
  expect(files).toHaveLength(1)
  for (const name of files) expect(readFileSync(join(directory, name), "utf8")).not.toContain(token.slice(8))
})
