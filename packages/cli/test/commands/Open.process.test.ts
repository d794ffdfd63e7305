import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Machine, machine } from "../HanProcess.ts"

let one: Machine
beforeAll(() => {
  one = machine(["01-basic"])
})
afterAll(() => one.close())

const fetched = (url: string, init: RequestInit = {}) => fetch(url, { redirect: "manual", ...init })

describe("open", () => {
  it("The command open prints an address that lets a browser in, and starts the coordinator for it", async () => {
    const { code, err, out } = await one.han("open", "--print")
    expect([code, err]).toEqual([0, ""])
    const url = out.toString().trim()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/open\?token=[0-9a-f]{32}$/)
    const opened = await fetched(url)
    expect(opened.status).toBe(303)
    const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? ""
    expect(cookie).toBe(`han_token=${readFileSync(join(one.home, "token"), "utf8").trim()}`)
    const ask = (headers: Record<string, string>) =>
      fetched(new URL("/graphql", url).href, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ query: "{ __typename }" })
      })
    expect([(await ask({})).status, (await ask({ cookie })).status]).toEqual([401, 200])
    expect((await fetched(url)).status).toBe(401)
  })

  it("The command open hands the address to the program that opens browsers, as one argument", async () => {
    if (process.platform !== "linux") return
    const bin = join(one.directory, "bin")
    const seen = join(one.directory, "seen")
    mkdirSync(bin)
    const opener = (script: string) => writeFileSync(join(bin, "xdg-open"), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const open = () => one.hanWith({ PATH: `${bin}:${one.environment["PATH"]}` }, "open")
    opener(`printf '%s\\n' "$#" "$1" > ${seen}`)
    const { code, err, out } = await open()
    expect([code, err]).toEqual([0, ""])
    expect(readFileSync(seen, "utf8")).toBe(`1\n${out.toString()}`)
    opener("exit 3")
    const refused = await open()
    expect([refused.code, refused.err]).toEqual([1, "han: no browser was opened (xdg-open ended with 3); open the address above in one of this machine\n"])
    expect(refused.out.toString()).toContain("/open?token=")
    // A program that becomes the browser does not hold the command.
    opener("exec sleep 20")
    expect((await open()).code).toBe(0)
  })
})

describe("the state of HTTP", () => {
  it("The state of HTTP is told by status and doctor", async () => {
    const port = Number(readFileSync(join(one.home, "port"), "utf8"))
    const http = { state: "listening", port, url: `http://127.0.0.1:${port}` }
    expect(await one.json("coordinator", "status")).toMatchObject({ http })
    expect(await one.json("doctor")).toMatchObject({ coordinator: { http } })
    for (const command of [["coordinator", "status"], ["doctor"]])
      expect((await one.han(...command)).out.toString()).toMatch(new RegExp(`HTTP +http://127\\.0\\.0\\.1:${port}, GraphQL at /graphql\n`))
  })

  it("The server for HTTP is off, with the reason, when a coordinator finds its port taken", async () => {
    const holder = createServer((socket) => socket.destroy())
    const port = await new Promise<number>((resolve) =>
      holder.listen(0, "127.0.0.1", () => {
        const address = holder.address()
        resolve(typeof address === "object" && address !== null ? address.port : 0)
      })
    )
    const other = machine()
    const han = (...args: ReadonlyArray<string>) => other.hanWith({ HAN_PORT: `${port}` }, ...args)
    const reason = `the port ${port} is taken by another program`
    expect((await han("sessions")).code).toBe(0)
    expect((await han("coordinator", "status")).out.toString()).toContain(`HTTP         off: ${reason}`)
    const doctor = JSON.parse((await han("doctor", "--json")).out.toString())
    expect(doctor.warnings).toContainEqual(expect.stringContaining(reason))
    expect(await han("open", "--print")).toMatchObject({ code: 1, err: expect.stringMatching(new RegExp(`^han: ${reason}.*\n$`)) })
    expect(existsSync(join(other.home, "port"))).toBe(false)
    await other.han("coordinator", "stop")
    const foreground = await han("coordinator", "serve")
    expect([foreground.code, foreground.err]).toEqual([1, expect.stringContaining(reason)])
    const wrong = await han("coordinator", "serve", "--port", "x")
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('--port "x" is no port')])
    holder.close()
    await other.close()
  })
})
