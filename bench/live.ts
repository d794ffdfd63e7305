// A coordinator at work: how soon an appended line is visible and what is read for it, what idleness costs, and what others wait while it indexes.
import { randomUUID } from "node:crypto"
import { appendFileSync, cpSync, statSync } from "node:fs"
import { join } from "node:path"
import { connect } from "han-rpc/HanPromise"
import { largeCorpus, smallCorpus, transcriptsOf } from "./Corpora.ts"
import { indexed, makeHome, processorTime, startDaemon } from "./Daemon.ts"
import { machine, megabytes, percentile, row, spread, timed } from "./Measure.ts"

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const appendToVisible = async () => {
  const { home, remove } = makeHome()
  try {
    const config = join(home, "claude")
    cpSync(smallCorpus().path, config, { recursive: true })
    await using daemon = await startDaemon(home, config)
    await indexed(daemon)

    const before = (await daemon.han.coordinator.status()).indexer.bytesRead
    // Nobody is connected meanwhile.
    await daemon.han.close()
    const seconds = 60
    await pause(2000)
    const first = processorTime(daemon.pid)
    await pause(seconds * 1000)
    const began = processorTime(daemon.pid)
    row(`the first ${seconds} s after indexing`, `${((began - first) / (seconds * 10)).toFixed(2)} % of one processor`)
    await pause(seconds * 1000)
    const used = processorTime(daemon.pid) - began
    await using han = await connect({ socket: daemon.socket })
    const read = (await han.coordinator.status()).indexer.bytesRead - before
    row(`idle for ${seconds} s`, `${(used / (seconds * 10)).toFixed(2)} % of one processor`, `${read} bytes of transcripts read`)

    const file = transcriptsOf(config).find((path) => !path.includes("subagents"))
    if (file === undefined) throw new Error("there is no transcript")
    const sessionId = file.slice(file.lastIndexOf("/") + 1, -".jsonl".length)
    const waiting = new Map<string, (at: number) => void>()
    const follow = (async () => {
      for await (const change of han.journal.changes()) {
        const at = performance.now()
        for (const entry of change.entries) {
          const { uuid } = JSON.parse(Buffer.from(entry.bytes).toString("utf8"))
          waiting.get(uuid)?.(at)
        }
      }
    })().catch(() => undefined)
    await pause(500)
    const startBytes = (await han.coordinator.status()).indexer.bytesRead
    const appends = 200
    let appended = 0
    const samples: Array<number> = []
    for (let n = 0; n < appends; n++) {
      const uuid = randomUUID()
      const line = `${JSON.stringify({
        type: "user",
        uuid,
        parentUuid: null,
        isSidechain: false,
        sessionId,
        cwd: "/home/dev/web",
        version: "2.1.330",
        timestamp: new Date().toISOString(),
        message: { role: "user", content: `line number ${n} ${"word ".repeat(40)}` }
      })}\n`
      const visible = new Promise<number>((resolve, reject) => {
        waiting.set(uuid, resolve)
        setTimeout(() => reject(new Error("an appended line was not visible after 10 s")), 10_000)
      })
      const wrote = performance.now()
      appendFileSync(file, line)
      appended += Buffer.byteLength(line)
      samples.push((await visible) - wrote)
      waiting.delete(uuid)
      await pause(50 + ((n * 37) % 200))
    }
    const bytesRead = (await han.coordinator.status()).indexer.bytesRead - startBytes
    row(
      "appended line → visible to a client",
      spread(samples),
      `${appends} lines, ${(appended / appends).toFixed(0)} bytes each, to a file of ${megabytes(statSync(file).size)} MB; ${(bytesRead / appends).toFixed(0)} bytes read for each`
    )
    await han.close()
    await follow
  } finally {
    remove()
  }
}

const whileIndexing = async () => {
  const of = largeCorpus()
  const { home, remove } = makeHome()
  try {
    await using daemon = await startDaemon(home, of.path)
    const { han } = daemon
    const requests: ReadonlyArray<readonly [string, () => Promise<unknown>]> = [
      ["list of sessions", () => han.sessions.list({}, { first: 20 })],
      ["search", () => han.search.messages({ text: "ledger price" }, { first: 20 })],
      [
        "session page",
        async () => {
          const [newest] = (await han.sessions.list({}, { first: 1 })).items
          if (newest !== undefined) await han.sessions.messages({ sessionId: newest.node.id }, { first: 50 })
        }
      ],
      ["usage by day", () => han.usage.report({ by: "day" })]
    ]
    const samples = new Map(requests.map(([name]) => [name, [] as Array<number>]))
    const began = performance.now()
    for (let busy = true; busy; ) {
      for (const [name, ask] of requests) {
        samples.get(name)?.push(...(await timed(1, ask)))
        await pause(20)
      }
      const { indexer } = await han.coordinator.status()
      busy = indexer.lastPassAt === null || indexer.running !== null
    }
    const note = `cold index of ${megabytes(of.bytes)} MB, ${(of.bytes / 1e3 / (performance.now() - began)).toFixed(1)} MB/s beside these requests`
    for (const [name, of] of samples)
      row(`${name}, while a cold index runs`, `${spread(of)}, p99 ${percentile(of, 0.99).toFixed(1)} ms`, `${of.length} requests; ${note}`)
  } finally {
    remove()
  }
}

console.log(machine())
await appendToVisible()
await whileIndexing()
