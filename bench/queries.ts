// Session pages and searches in process, at 10^5 and 10^6 messages.

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { Search, type SearchQuery } from "han-core/Search"
import { Sessions } from "han-core/Sessions"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { type Corpus, largeCorpus, smallCorpus } from "./Corpora.ts"
import { indexOnce } from "./IndexOnce.ts"
import { machine, row, spread, timed } from "./Measure.ts"

const runs = 200
const folder = mkdtempSync(join(tmpdir(), "han-bench-"))
const words = ["session cache", "ledger price", "rebase", "retry backoff", "fixture golden", "snapshot", "queue worker", "module export"]
/** The same for every run of the bench. */
const nth = <A>(list: ReadonlyArray<A>, run: number): A => {
  const chosen = list[(run * 7919) % list.length]
  if (chosen === undefined) throw new Error("nothing to choose from")
  return chosen
}

const measure = async (size: string, of: Corpus) => {
  const filename = join(folder, "han.db")
  const { report } = await indexOnce("sqlite", filename, of.path)
  const runtime = ManagedRuntime.make(Layer.merge(SqliteStore.layer({ filename }), Viewer.layerLocal))
  try {
    const sessions = await runtime.runPromise(Sessions)
    const search = await runtime.runPromise(Search)
    const list = await runtime.runPromise(sessions.list({}, { first: 1000 }))
    const ids = list.items.map((item) => item.node.id)
    const of10 = `${size} messages`
    const note = `${report.entries} lines`
    const time = async (what: string, work: (run: number) => Effect.Effect<unknown, unknown, Viewer>) => {
      await timed(10, (run) => runtime.runPromise(work(run + runs)))
      row(`${what}, ${of10}`, spread(await timed(runs, (run) => runtime.runPromise(work(run)))), note)
    }
    const find = (query: Omit<SearchQuery, "text">) => (run: number) => search.messages({ text: nth(words, run), ...query }, { first: 20 })
    await time("session page (header, first 50 messages)", (run) =>
      Effect.all([sessions.get(nth(ids, run)), sessions.messages({ sessionId: nth(ids, run) }, { first: 50 })])
    )
    await time("list of 50 sessions", () => sessions.list({}, { first: 50 }))
    await time("search, newest first, 20 hits", find({ order: "newest" }))
    await time("search, ranked, 20 hits", find({ order: "rank" }))
    await time("search for one rare word", (run) => search.messages({ text: `marker2x${(run % 24) * 10}` }, { first: 20 }))
    await time("count of hits", (run) => search.count({ text: nth(words, run) }))
  } finally {
    await runtime.dispose()
    rmSync(filename, { force: true })
  }
}
try {
  console.log(machine())
  await measure("10⁵", smallCorpus())
  await measure("10⁶", largeCorpus())
} finally {
  rmSync(folder, { recursive: true, force: true })
}
