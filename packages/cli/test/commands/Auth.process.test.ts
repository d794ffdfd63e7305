import { spawn } from "node:child_process"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { binaries } from "../../../../test/binaries.ts"
import { createStoreDatabase } from "../../../../test/postgresStore.ts"
import { machine } from "../HanProcess.ts"

/** A team server at which anybody on this machine signs in by a name. */
const teamServer = async (name: string) => {
  const database = await createStoreDatabase(name)
  const child = spawn(join(binaries, "han-server"), ["serve"], {
    env: { PATH: process.env["PATH"] ?? "", DATABASE_URL: database.url, HAN_ENCRYPTION: "off", HAN_DEV_SIGNIN: "1", HAN_PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"]
  })
  let out = ""
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text
      const found = /"url":"([^"]+)"/.exec(out)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once("exit", () => reject(new Error(out)))
  })
  const stop = () =>
    new Promise<void>((resolve) => {
      child.once("exit", () => resolve())
      child.kill("SIGTERM")
    })
  return { url, stop, drop: database.drop }
}

/** A command that waits, and the first address that it shows. */
const shown = async (child: ReturnType<typeof spawn>, pattern: RegExp) => {
  let err = ""
  const found = await new Promise<RegExpExecArray>((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      err += text
      const match = pattern.exec(err)
      if (match !== null) resolve(match)
    })
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${err}`)))
  })
  return found
}
const ended = (child: ReturnType<typeof spawn>) => new Promise<number | null>((resolve) => child.once("exit", resolve))

/** What a person does in the browser: types a name on the server's page. Gives where the browser is sent. */
const signIn = async (page: string, name: string): Promise<Response> => {
  const { origin, searchParams } = new URL(page)
  return fetch(`${origin}/auth/development`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams([...searchParams, ["name", name]]).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", origin }
  })
}

it("AUT-04 A person signs in by the browser of this machine, is shown, and signs out; a hit with another state ends nothing (RFC 8252 7.3, 8.9)", async () => {
  const [one, server] = [machine(), await teamServer("cli_auth")]
  try {
    expect(await one.han("auth", "status")).toMatchObject({ code: 1, err: "" })
    expect((await one.han("auth", "login")).code).toBe(2)
    const login = one.start(["auth", "login", "--endpoint", server.url])
    const code = ended(login)
    const [page = ""] = await shown(login, /http:\S+sign-in\S+/)
    const redirect = new URL(page).searchParams.get("redirect_uri") ?? ""
    const forged = await fetch(`${redirect}?code=stolen&state=wrong"><script>`)
    expect([forged.status, (await forged.text()).includes("script")]).toEqual([400, false])
    expect((await fetch(`${redirect}?error=access_denied&state=wrong`)).status).toBe(400)
    const back = (await signIn(page, "Ada")).headers.get("location") ?? ""
    expect((await fetch(back)).status).toBe(200)
    expect(await code).toBe(0)
    const file = join(one.home, "credentials.json")
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await one.json("auth", "status", "--json")).toEqual({
      servers: [{ endpoint: server.url, signedIn: true, reachable: true, person: "Ada", workspaces: ["ada"], message: null }]
    })
    // Programs that find the access token too old refresh it one after the other, and all go on.
    const kept = JSON.parse(readFileSync(file, "utf8"))
    kept.signIns[server.url].expiresAt = 0
    kept.endpoints["https://other.example"] = { workspace: null, clientId: "c", clientSecret: "AAAA", apiKey: null, later: "kept" }
    writeFileSync(file, JSON.stringify(kept))
    const all = await Promise.all(Array.from({ length: 5 }, () => one.han("auth", "status", "--endpoint", server.url)))
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    const refreshed = JSON.parse(readFileSync(file, "utf8"))
    expect(refreshed.endpoints).toEqual(kept.endpoints)
    expect(refreshed.signIns[server.url].refreshToken).not.toBe(kept.signIns[server.url].refreshToken)
    expect(await one.han("auth", "logout", "--endpoint", server.url)).toMatchObject({ code: 0, out: Buffer.from(`Signed out of ${server.url}.\n`) })
    expect(JSON.parse(readFileSync(file, "utf8")).signIns).toEqual({})
    // What was kept before the logout is of no use to whoever has copied it.
    writeFileSync(file, JSON.stringify({ ...refreshed, signIns: { [server.url]: { ...refreshed.signIns[server.url], expiresAt: 0 } } }))
    const copied = await one.han("auth", "status", "--endpoint", server.url)
    expect([copied.code, copied.out.toString()]).toEqual([1, expect.stringContaining("has ended")])
  } finally {
    await server.stop()
    await one.close()
    await server.drop()
  }
})

it("AUT-05 A machine without a browser is let in by a code that is typed elsewhere; a server that does not answer is no logout (RFC 8628 3.3)", async () => {
  const [one, server] = [machine(), await teamServer("cli_device")]
  try {
    const login = one.start(["auth", "login", "--device", "--endpoint", server.url])
    const code = ended(login)
    const [, url = "", userCode = ""] = await shown(login, /Open (\S+) in[\s\S]*?([A-Z]{4}-[A-Z]{4})/)
    expect(url).toBe(`${server.url}/auth/device`)
    const signedIn = await signIn(`${server.url}/auth/sign-in?return_to=/auth/device`, "Grace")
    const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? ""
    const page = await (await fetch(url, { headers: { cookie } })).text()
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ""
    const decided = await fetch(`${server.url}/auth/device/decide`, {
      method: "POST",
      body: new URLSearchParams({ csrf, user_code: userCode, answer: "yes" }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", origin: server.url, cookie }
    })
    expect(decided.status).toBe(200)
    expect(await code).toBe(0)
    expect((await one.han("auth", "status")).out.toString()).toBe(`${server.url}: Grace, in grace\n`)
    await server.stop()
    const file = join(one.home, "credentials.json")
    const before = readFileSync(file, "utf8")
    expect(await one.han("auth", "status", "--json")).toMatchObject({ code: 1 })
    const { signIns, ...rest } = JSON.parse(before)
    writeFileSync(file, JSON.stringify({ ...rest, signIns: { [server.url]: { ...signIns[server.url], expiresAt: 0 } } }))
    const away = await one.han("auth", "status")
    expect([away.code, away.out.toString()]).toEqual([1, expect.stringContaining("still is")])
    expect(JSON.parse(readFileSync(file, "utf8")).signIns[server.url].refreshToken).toBe(signIns[server.url].refreshToken)
  } finally {
    await one.close()
    await server.drop()
  }
})
