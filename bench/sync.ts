// What a team server takes: batches of 1,000 lines over loopback HTTP, gzipped, beside the same lines appended to the same PostgreSQL in process, by turns.
import { gzipSync } from "node:zlib"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import type { Append } from "han-core/JournalWriter"
import { JournalWriter } from "han-core/JournalWriter"
import { OwnerId, Viewer } from "han-core/Viewer"
import { ApiKeys, Slug } from "han-core/Workspaces"
import { syncRoute } from "han-server/SyncRoute"
import * as TeamServer from "han-server/TeamServer"
import * as PgStore from "han-sql/PgStore"
import pg from "pg"
import { startPostgres } from "../test/postgres.ts"
import { part, payloadOf } from "../test/syncPayloads.ts"
import { corpus } from "../test/transcriptFiles.ts"
import { machine, megabytes, percentile, row } from "./Measure.ts"

const scale = Number(process.env["HAN_BENCH_SCALE"] ?? 1)
const batchLines = 1000
const rounds = 3

/** Transcripts in batches of lines, as a client would send them: the parts of one after another. */
const { appends } = corpus({ seed: 11, sessions: 40, lines: Math.max(50, Math.round(1000 * scale)), chaos: false })
const bytesOf = (batch: ReadonlyArray<Append>) => batch.reduce((sum, { entries }) => sum + entries.reduce((so, { bytes }) => so + bytes.length + 1, 0), 0)

interface Piece {
  readonly append: Append
  readonly from: number
  readonly to: number
}
const batches = (() => {
  const all: Array<Array<Piece>> = [[]]
  let room = batchLines
  for (const append of appends)
    for (let from = 0; from < append.entries.length; ) {
      const to = Math.min(append.entries.length, from + room)
      all.at(-1)!.push({ append, from, to })
      room -= to - from
      from = to
      if (room === 0) {
        all.push([])
        room = batchLines
      }
    }
  return all.filter((batch) => batch.length > 0)
})()
const size = bytesOf(appends)

const database = async (server: string, client: pg.Client, name: string): Promise<string> => {
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  await client.query(`CREATE DATABASE ${name} TEMPLATE template0`)
  const url = new URL(server)
  url.pathname = `/${name}`
  await Effect.runPromise(PgStore.migrate({ url: Redacted.make(url.href) }))
  return url.href
}
const storeAt = (url: string) => PgStore.layer({ url: Redacted.make(url), maxWaitMs: 60_000 })

/** Seconds for all batches, appended in process. */
const appended = async (url: string): Promise<number> => {
  const runtime = ManagedRuntime.make(storeAt(url))
  const writer = await runtime.runPromise(JournalWriter)
  const began = performance.now()
  for (const batch of batches)
    await runtime.runPromise(
      writer
        .appendAll(batch.map(({ append, from, to }) => ({ ...append, entries: append.entries.slice(from, to) })))
        .pipe(Effect.provideService(Viewer, { owner: OwnerId.make("bench"), person: null }))
    )
  const seconds = (performance.now() - began) / 1000
  await runtime.dispose()
  return seconds
}

/** Seconds for all batches, received over HTTP, and the bytes on the wire. The bodies are ready before: their making is the client's. */
const received = async (url: string): Promise<{ readonly seconds: number; readonly wire: number }> => {
  const options = { host: "127.0.0.1", port: 0, routes: syncRoute({ rate: { burst: 1_000_000, perSecond: 1_000_000 } }) }
  const runtime = ManagedRuntime.make(
    Layer.provideMerge(TeamServer.layer(options), storeAt(url)).pipe(Layer.provideMerge(Logger.minimumLogLevel(LogLevel.Warning)))
  )
  const { url: address } = await runtime.runPromise(TeamServer.TeamServer)
  const { key, principal } = await runtime.runPromise(
    Effect.flatMap(ApiKeys, (keys) =>
      keys.create({
        workspace: Slug.make("bench"),
        person: "Ada",
        owners: [{ host: "github.com", owner: "acme" }],
        logins: [],
        scopes: ["sync:write"],
        expiresAt: null,
        encryption: "off"
      })
    )
  )
  const bodies = batches.map((batch) =>
    gzipSync(
      JSON.stringify(
        payloadOf(
          principal.person,
          batch.map(({ append: { entries, transcript }, from, to }) =>
            part(transcript.sessionId, entries, from, to, {
              source: transcript.source,
              kind: transcript.kind,
              agentId: transcript.agentId,
              generationId: `g${transcript.generation}`
            })
          )
        )
      )
    )
  )
  const headers = { authorization: `Bearer ${Redacted.value(key)}`, "content-type": "application/json", "content-encoding": "gzip" }
  const began = performance.now()
  for (const body of bodies) {
    const answer = await fetch(`${address}/api/sync`, { method: "POST", body, headers })
    const { status } = (await answer.json()) as { readonly status: string }
    if (status !== "success") throw new Error(`a batch was answered with ${answer.status} ${status}`)
  }
  const seconds = (performance.now() - began) / 1000
  await runtime.dispose()
  return { seconds, wire: bodies.reduce((sum, body) => sum + body.length, 0) }
}

const server = await startPostgres({ durable: true })
const client = new pg.Client({ connectionString: server.url })
await client.connect()
try {
  console.log(machine())
  const ratios: Array<number> = []
  const speeds = { appended: [] as Array<number>, received: [] as Array<number> }
  let wire = 0
  for (let round = 0; round < rounds; round++) {
    const own = await appended(await database(server.url, client, "han_bench_append"))
    const sent = await received(await database(server.url, client, "han_bench_sync"))
    wire = sent.wire
    speeds.appended.push(size / 1e6 / own)
    speeds.received.push(size / 1e6 / sent.seconds)
    ratios.push(own / sent.seconds)
  }
  const middle = (samples: ReadonlyArray<number>) => percentile(samples, 0.5)
  const what = `${batches.length} batches of ${batchLines} lines, ${megabytes(size)} MB of transcripts`
  row(`appended in process to PostgreSQL, ${what}`, `${middle(speeds.appended).toFixed(1)} MB/s`)
  row(
    `received over HTTP, ${what}, ${megabytes(wire)} MB gzipped`,
    `${middle(speeds.received).toFixed(1)} MB/s = ${middle(ratios).toFixed(2)} × (${ratios.map((ratio) => ratio.toFixed(2)).join(", ")})`,
    "at least 0.5 ×"
  )
} finally {
  await client.end()
  await server.stop()
}
