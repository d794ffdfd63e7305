import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The environment variable that names the socket on which a test run tells the URL of its PostgreSQL. */
export const socketVariable = "HAN_TEST_PG_SOCKET"

/** Starts a PostgreSQL that ends with this process at the latest. `durable`: with fsync. `statements`: with pg_stat_statements, which tells what it carried out. */
export const startPostgres = async (
  options: { readonly durable?: boolean; readonly statements?: boolean } = {}
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> => {
  const flags = [...(options.durable ? ["--durable"] : []), ...(options.statements ? ["--statements"] : [])]
  const server = spawn(process.execPath, [fileURLToPath(new URL("./postgresServer.ts", import.meta.url)), ...flags], { stdio: ["pipe", "pipe", "pipe"] })
  const url = await new Promise<string>((resolve, reject) => {
    let said = ""
    let complaint = ""
    server.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk
      if (said.includes("\n")) resolve(said.slice(0, said.indexOf("\n")))
    })
    server.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      complaint += chunk
    })
    server.once("error", reject)
    server.once("close", (code) => reject(new Error(`PostgreSQL did not start (${code}). ${complaint}`)))
  })
  return {
    url,
    stop: async () => {
      if (server.exitCode !== null || server.signalCode !== null) return
      const ended = once(server, "exit")
      server.stdin.end()
      await ended
    }
  }
}

/** One server for a run of the tests, started when the first suite asks for it; one database for a suite (`createDatabase`). */
export default async () => {
  const folder = mkdtempSync(join(tmpdir(), "han-postgres-socket-"))
  let starting: ReturnType<typeof startPostgres> | undefined
  const teller = createServer((socket) => {
    socket.on("error", () => {})
    starting ??= startPostgres()
    starting.then(
      ({ url }) => socket.end(JSON.stringify({ url })),
      (error: unknown) => socket.end(JSON.stringify({ error: String(error) }))
    )
  })
  const path = process.platform === "win32" ? `\\\\.\\pipe\\${basename(folder)}` : join(folder, "socket")
  await once(teller.listen(path), "listening")
  process.env[socketVariable] = path
  return async () => {
    teller.close()
    rmSync(folder, { recursive: true, force: true })
    const server = await starting?.catch(() => undefined)
    await server?.stop()
  }
}
