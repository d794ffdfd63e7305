import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

/** The environment variable that tells tests where the server of this run is. */
export const urlVariable = "HAN_TEST_PG_URL"

/** Starts a PostgreSQL that ends with this process at the latest. `durable`: with fsync. */
export const startPostgres = async (options: { readonly durable?: boolean } = {}): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> => {
  const server = spawn(process.execPath, [fileURLToPath(new URL("./postgresServer.ts", import.meta.url)), ...(options.durable ? ["--durable"] : [])], {
    stdio: ["pipe", "pipe", "pipe"]
  })
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

/** One server for a run of the tests, one database for a suite (`createDatabase`). */
export default async () => {
  const server = await startPostgres()
  process.env[urlVariable] = server.url
  return server.stop
}
