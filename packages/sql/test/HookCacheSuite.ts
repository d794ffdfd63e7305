import { createHash } from "node:crypto"
import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as fc from "fast-check"
import { HookCache, HookCacheAdmin, type HookFile, type HookPass, type HookPassed, type HookPassFilter } from "han-core/HookCache"
import type { StoreUnusable } from "han-core/StoreError"

/** A database that is empty at first, and stays when the layer ends. */
export interface Place {
  readonly layer: Layer.Layer<HookCache | HookCacheAdmin, StoreUnusable>
  /** Runs a statement, and gives its rows; nobody else has the database open. */
  readonly run: (statement: string) => Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>>
}

const sha = (text: string) => createHash("sha256").update(text).digest("hex")
const file = (path: string, content = "1"): HookFile => ({ path, digest: sha(content) })
const now = Date.UTC(2026, 2, 1)
const hour = 3_600_000
const day = 24 * hour

/** A pass of `lint@mine/check` in `/work/app`; its key is that of the gate and what it reads. */
const passed = (of: Partial<HookPassed> & { readonly gate: string }): HookPassed => {
  const reads = of.reads ?? [file("a.ts")]
  return {
    key: sha(JSON.stringify([of.gate, reads])),
    hook: "lint@mine/check",
    directory: "/work/app",
    command: "npx eslint .",
    durationMs: 12.5,
    passedAt: now,
    tree: "/work/app",
    each: [],
    whole: true,
    ...of,
    reads
  }
}

const asPass = ({ command, directory, durationMs, gate, hook, key, passedAt, reads }: HookPassed): HookPass => ({
  key,
  gate,
  hook,
  directory,
  command,
  files: reads.length,
  durationMs,
  passedAt,
  usedAt: null,
  uses: 0
})

const sorted = (paths: ReadonlySet<string> | null) => (paths === null ? null : [...paths].sort())
const wholeCache = Effect.map(Effect.all([HookCache, HookCacheAdmin]), ([cache, admin]) => ({ ...cache, ...admin }))
type WholeCache = Effect.Effect.Success<typeof wholeCache>
const everything = (cache: WholeCache) => cache.list({ limit: 1_000_000 })
const tables = ["hook_pass", "hook_pass_file", "hook_pass_reads"]

// Every one of these is a name that a file can have.
const paths = ["a.ts", 'it\'s "quoted".ts', "100%_done.ts", "a\\b\\", "{1,2}.ts", "new\nline \t$1 ?", "\ufffd.ts", "日本語 🧪/é.ts", "NULL", "a.ts "]
const hooks = ["lint@mine/check", "lint@mine/fix", "lint@other/check", "lin@mine/check", "l_nt@mine/%", "check@mine/lint"]
const folders = ["/work/app", "/work/app/web", "/work/app2", "/work/a_p", "/work/a%", "/", "/work/it's \\ here"]

interface Model {
  readonly passes: Map<string, HookPass>
  readonly files: Map<string, Set<string>>
  readonly reads: Map<string, ReadonlySet<string>>
}
const isMeant = ({ directory, hook }: HookPass, filter: HookPassFilter) => {
  const [plugin = "", name = ""] = hook.split("/")
  const [pluginName = ""] = plugin.split("@")
  const wanted = filter.directory?.replace(/(.)\/$/, "$1")
  return (
    (filter.hook === undefined || [hook, plugin, pluginName, name].includes(filter.hook)) &&
    (wanted === undefined || directory === wanted || directory.startsWith(wanted === "/" ? "/" : `${wanted}/`))
  )
}

const some = <A>(values: ReadonlyArray<A>) => fc.constantFrom(...values)
const files = fc.uniqueArray(
  fc.record({ path: some(paths), content: some(["1", "2", "gone"]) }).map(({ content, path }) => file(path, content)),
  { selector: ({ path }) => path, maxLength: 6 }
)
const gates = some(["g1", "g2", "g3"].map(sha))
const trees = some(["/work/app", "/work/app-wt"])
const filters = fc.record(
  { hook: some([...hooks, "lint", "check", "lint@mine", "mine", "%", ""]), directory: some([...folders, "/work/", "/wor"]) },
  { requiredKeys: [] }
)
type Step =
  | { readonly _tag: "Record"; readonly passed: HookPassed }
  | { readonly _tag: "Use"; readonly gate: string; readonly reads: ReadonlyArray<HookFile>; readonly which: number; readonly minute: number }
  | { readonly _tag: "Clear"; readonly filter: HookPassFilter }
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ gate: gates, reads: files, each: files, tree: trees, whole: fc.boolean(), hook: some(hooks), directory: some(folders), minute: fc.nat(30) })
      .map(({ minute, ...of }) => ({ _tag: "Record" as const, passed: passed({ ...of, passedAt: now + minute * 60_000 }) }))
  },
  { weight: 3, arbitrary: fc.record({ _tag: fc.constant("Use" as const), gate: gates, reads: files, which: fc.nat(20), minute: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Clear" as const), filter: filters }) }
)

/** What every store must do with passes of hooks. `place` makes an empty one each time. */
export const hookCacheSuite = (name: string, place: Effect.Effect<Place, never, Scope.Scope>, options: { readonly runs: number }) => {
  const test = (title: string, effect: (place: Place) => Effect.Effect<void, unknown, Scope.Scope>) =>
    it.scopedLive(`${name}: ${title}`, () => Effect.flatMap(place, effect), { timeout: 120_000 })
  const on = <A, E>(of: Place, use: (cache: WholeCache) => Effect.Effect<A, E>) => Effect.provide(Effect.flatMap(wholeCache, use), of.layer)
  const counted = (of: Place) =>
    Effect.forEach(tables, (table) => Effect.map(of.run(`SELECT COUNT(*) AS found FROM ${table}`), ([row]) => Number(row?.["found"])))

  test("A recorded pass is found, and nothing else", (of) =>
    on(of, (cache) =>
      Effect.gen(function* () {
        const one = passed({ gate: sha("g"), reads: [file("a.ts"), file("b.ts")], each: [file("a.ts")], command: 'echo "\\$x" %_\n\ttwo' })
        assert.isNull(yield* cache.use(one.key, now))
        yield* cache.record(one)
        assert.deepStrictEqual(yield* cache.find(one.key), asPass(one))
        assert.deepStrictEqual(yield* cache.use(one.key, now + 5), { ...asPass(one), usedAt: now + 5, uses: 1 })
        assert.deepStrictEqual(yield* cache.use(one.key, now + 9), { ...asPass(one), usedAt: now + 9, uses: 2 })
        assert.deepStrictEqual(yield* everything(cache), [{ ...asPass(one), usedAt: now + 9, uses: 2 }])
        // Again, in another worktree: it is one pass, which keeps its uses.
        yield* cache.record({ ...one, directory: "/work/wt", tree: "/work/wt", passedAt: now + 20, durationMs: 3 })
        const again = { ...asPass(one), directory: "/work/wt", passedAt: now + 20, durationMs: 3, usedAt: now + 9, uses: 2 }
        assert.deepStrictEqual(yield* cache.find(one.key), again)
        for (const key of [sha("other"), one.gate, one.key.toUpperCase(), one.key.slice(0, 32), "", "' OR 1=1 --"]) {
          assert.isNull(yield* cache.find(key))
          assert.isNull(yield* cache.use(key, now))
        }
      })
    ))

  test("Files are kept one by one: the same content of the same gate is found, also after another content", (of) =>
    on(of, (cache) =>
      Effect.gen(function* () {
        const [one, other] = [sha("g1"), sha("g2")]
        yield* cache.record(passed({ gate: one, each: [file("a.ts", "1"), file("b.ts", "1")], whole: false }))
        const asked = [file("a.ts", "1"), file("b.ts", "2"), file("c.ts", "1")]
        assert.deepStrictEqual(sorted(yield* cache.passedFiles(one, asked)), ["a.ts"])
        assert.strictEqual((yield* cache.passedFiles(other, asked)).size, 0)
        yield* cache.record(passed({ gate: one, each: [file("a.ts", "2")], whole: false }))
        assert.deepStrictEqual(sorted(yield* cache.passedFiles(one, [file("a.ts", "1")])), ["a.ts"])
        assert.deepStrictEqual(sorted(yield* cache.passedFiles(one, [file("a.ts", "2")])), ["a.ts"])
        // Two names that look the same, of which one did not pass.
        assert.strictEqual((yield* cache.passedFiles(one, [file("a.ts", "1"), file("a.ts", "3")])).size, 0)
        assert.strictEqual((yield* cache.passedFiles(one, [])).size, 0)
      })
    ))

  test("The files that a gate read last are known in each worktree", (of) =>
    on(of, (cache) =>
      Effect.gen(function* () {
        const gate = sha("g")
        assert.isNull(yield* cache.lastReads(gate, "/work/app"))
        yield* cache.record(passed({ gate, reads: paths.map((path) => file(path)) }))
        assert.deepStrictEqual(sorted(yield* cache.lastReads(gate, "/work/app")), [...paths].sort())
        assert.isNull(yield* cache.lastReads(gate, "/work/app/"))
        assert.isNull(yield* cache.lastReads(sha("h"), "/work/app"))
        // Only some of the files passed: what was read as a whole stays.
        yield* cache.record(passed({ gate, reads: [file("b.ts")], each: [file("b.ts")], whole: false }))
        assert.strictEqual((yield* cache.lastReads(gate, "/work/app"))?.size, paths.length)
        yield* cache.record(passed({ gate, reads: [file("b.ts")] }))
        assert.deepStrictEqual(sorted(yield* cache.lastReads(gate, "/work/app")), ["b.ts"])
        yield* cache.record(passed({ gate, reads: [], tree: "/work/wt" }))
        assert.deepStrictEqual(sorted(yield* cache.lastReads(gate, "/work/wt")), [])
        assert.deepStrictEqual(sorted(yield* cache.lastReads(gate, "/work/app")), ["b.ts"])
      })
    ))

  test("A clear takes what is meant with all that belongs to its gates, and nothing else", (of) =>
    Effect.gen(function* () {
      const all = hooks.flatMap((hook) =>
        folders.map((directory) => passed({ gate: sha(`${hook} ${directory}`), hook, directory, tree: directory, each: [file("a.ts")] }))
      )
      for (const filter of fc
        .sample(filters, { numRuns: 12, seed: 1 })
        .concat([{ hook: "lint" }, { directory: "/work/a_p" }, { directory: "/" }, { directory: "" }])) {
        yield* on(of, (cache) =>
          Effect.gen(function* () {
            yield* Effect.forEach(all, cache.record, { discard: true })
            const meant = filter.directory === "" ? [] : all.filter((one) => isMeant(asPass(one), filter))
            assert.strictEqual((yield* cache.list({ ...filter, limit: 1000 })).length, meant.length)
            assert.strictEqual(yield* cache.clear(filter), meant.length)
            for (const one of all) {
              const left = !meant.includes(one)
              assert.strictEqual((yield* cache.find(one.key)) !== null, left)
              assert.strictEqual((yield* cache.passedFiles(one.gate, [file("a.ts")])).size, left ? 1 : 0)
              assert.strictEqual((yield* cache.lastReads(one.gate, one.tree)) !== null, left)
            }
          })
        )
      }
      yield* on(of, (cache) => Effect.andThen(Effect.forEach(all, cache.record), cache.clear({})))
      assert.deepStrictEqual(yield* counted(of), [0, 0, 0])
    }))

  test("Any history of passes and questions is answered as its model does", (of) =>
    on(of, (cache) =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), (history) =>
            Effect.runPromise(
              Effect.gen(function* () {
                yield* cache.clear({})
                const model: Model = { passes: new Map(), files: new Map(), reads: new Map() }
                for (const step of history) yield* take(step, cache, model)
                for (const [key, pass] of model.passes) assert.deepStrictEqual(yield* cache.find(key), pass)
              })
            )
          ),
          { numRuns: options.runs }
        )
      )
    ))

  test("Passes neither used nor passed for 60 days go, and their files with them", (of) =>
    Effect.gen(function* () {
      const old = passed({ gate: sha("old"), each: [file("a.ts")] })
      const used = passed({ gate: sha("used"), each: [file("a.ts")] })
      const fresh = passed({ gate: sha("fresh"), passedAt: now + 60 * day + hour })
      yield* on(of, (cache) =>
        Effect.gen(function* () {
          yield* cache.record(old)
          yield* cache.record(used)
          yield* cache.use(used.key, now + 2 * day)
          // Of a gate whose other passes stay, what is not old stays.
          yield* cache.record(passed({ gate: sha("both"), each: [file("a.ts")] }))
          yield* cache.record(passed({ gate: sha("both"), reads: [], each: [file("b.ts")], passedAt: now + 2 * day }))
          yield* cache.record(passed({ gate: sha("edge"), passedAt: now + 60 * day }))
          assert.isNotNull(yield* cache.find(old.key))
          yield* cache.record(fresh)
          assert.isNull(yield* cache.find(old.key))
          assert.strictEqual((yield* cache.passedFiles(old.gate, old.each)).size, 0)
          assert.isNull(yield* cache.lastReads(old.gate, old.tree))
          assert.strictEqual((yield* cache.find(used.key))?.uses, 1)
          assert.deepStrictEqual(sorted(yield* cache.passedFiles(sha("both"), [file("a.ts"), file("b.ts")])), ["b.ts"])
          assert.deepStrictEqual(sorted(yield* cache.lastReads(sha("both"), "/work/app")), [])
        })
      )
      assert.deepStrictEqual((yield* counted(of))[0], 4)
      // What is kept for long goes when another process begins, or after 500 records.
      yield* on(of, (cache) => cache.record({ ...fresh, passedAt: now + 63 * day }))
      assert.deepStrictEqual((yield* counted(of))[0], 2)
      const moment = now + 200 * day
      yield* on(of, (cache) =>
        Effect.gen(function* () {
          yield* cache.record(passed({ gate: sha("first"), passedAt: moment }))
          yield* cache.record(passed({ gate: sha("late"), passedAt: now + 100 * day }))
          for (let n = 0; n < 500; n++) yield* cache.record(passed({ gate: sha(`${n}`), reads: [], passedAt: moment + n }))
          assert.strictEqual(
            (yield* everything(cache)).some(({ gate }) => gate === sha("late")),
            false
          )
          assert.strictEqual((yield* everything(cache)).length, 501)
        })
      )
    }))

  test("The oldest passes beyond 50,000 and files beyond 500,000 go", (of) =>
    Effect.gen(function* () {
      const one = passed({ gate: sha("g"), each: [file("a.ts")], passedAt: now + day })
      yield* on(of, () => Effect.void)
      const gate = `(SELECT gate FROM hook_pass LIMIT 1)`
      const numbers = (count: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`
      yield* on(of, (cache) => cache.record({ ...one, passedAt: now }))
      yield* of.run(`INSERT INTO hook_pass (key, gate, hook, directory, command, files, duration_ms, passed_at, uses, touched_at)
        ${numbers(50_100)} SELECT ${name === "PgStore" ? "convert_to(CAST(i AS TEXT), 'UTF8')" : "CAST(i AS BLOB)"}, ${gate}, 'p@m/h', '/', 'true', 0, 0, ${now} + i, 0, ${now} + i FROM n`)
      yield* of.run(`INSERT INTO hook_pass_file (gate, mark, touched_at) ${numbers(500_300)} SELECT ${gate}, CAST(i AS TEXT), ${now} + i FROM n`)
      yield* on(of, (cache) => cache.record(one))
      const [[passes], [marks]] = yield* Effect.all([
        of.run("SELECT COUNT(*) AS found, MIN(touched_at) AS first FROM hook_pass"),
        of.run("SELECT COUNT(*) AS found, MIN(touched_at) AS first FROM hook_pass_file")
      ])
      assert.deepStrictEqual([Number(passes?.["found"]), Number(passes?.["first"])], [50_000, now + 102])
      assert.deepStrictEqual([Number(marks?.["found"]), Number(marks?.["first"])], [500_000, now + 302])
    }))

  test("A pass of 20,000 files is recorded while others are answered", (of) =>
    on(of, (cache) =>
      Effect.gen(function* () {
        const many = Array.from({ length: 20_000 }, (_, n) => file(`packages/core/src/${n % 50}/${paths[n % paths.length]}/${n}.ts`, `${n}`))
        const one = passed({ gate: sha("many"), reads: many, each: many })
        const other = passed({ gate: sha("other") })
        yield* cache.record(other)
        const begun = yield* Deferred.make<void>()
        const recording = yield* Effect.fork(Effect.zipRight(Deferred.succeed(begun, undefined), cache.record(one)))
        yield* Deferred.await(begun)
        let answers = 0
        while ((yield* Fiber.poll(recording))._tag === "None") {
          assert.isNotNull(yield* cache.find(other.key))
          answers++
          // A question comes over a socket, so between two there is a turn for others.
          yield* Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
        }
        yield* Fiber.join(recording)
        assert.isAbove(answers, 50)
        assert.strictEqual((yield* cache.find(one.key))?.files, 20_000)
        const changed = many.map((each, n) => (n % 100 === 0 ? { ...each, digest: sha("new") } : each))
        const found = yield* cache.passedFiles(one.gate, changed)
        assert.deepStrictEqual([found.size, found.has(many[0]!.path), found.has(many[1]!.path)], [19_800, false, true])
        assert.strictEqual((yield* cache.lastReads(one.gate, one.tree))?.size, 20_000)
        assert.strictEqual(yield* cache.clear({ hook: "lint" }), 2)
        assert.strictEqual((yield* cache.passedFiles(one.gate, many)).size, 0)
      })
    ))

  test("Many callers at once neither wait in a circle nor lose anything", (of) =>
    on(of, (cache) =>
      Effect.gen(function* () {
        const each = Array.from({ length: 400 }, (_, n) => file(`${n}.ts`))
        const all = Array.from({ length: 24 }, (_, n) =>
          passed({ gate: sha("g"), key: sha(`${n}`), reads: [], each: n % 2 === 0 ? each : [...each].reverse(), passedAt: now + n * hour })
        )
        yield* Effect.forEach(all, (one) => Effect.zipRight(cache.record(one), cache.use(one.key, now)), { concurrency: 12, discard: true })
        assert.deepStrictEqual(
          (yield* everything(cache)).map(({ key, uses }) => [key, uses]),
          all.map(({ key }) => [key, 1]).reverse()
        )
        assert.strictEqual((yield* cache.passedFiles(sha("g"), each)).size, each.length)
        const gone = yield* Effect.forEach(Array.from({ length: 6 }), () => cache.clear({ hook: "lint" }), { concurrency: 6 })
        assert.strictEqual(
          gone.reduce((sum, one) => sum + one, 0),
          all.length
        )
      })
    ))
}

const take = (step: Step, cache: WholeCache, model: Model) =>
  Effect.gen(function* () {
    switch (step._tag) {
      case "Record": {
        const { each, gate, key, reads, tree, whole } = step.passed
        yield* cache.record(step.passed)
        const before = model.passes.get(key)
        model.passes.set(key, { ...asPass(step.passed), usedAt: before?.usedAt ?? null, uses: before?.uses ?? 0 })
        const marks = model.files.get(gate) ?? new Set()
        for (const { digest, path } of each) marks.add(`${digest} ${path}`)
        model.files.set(gate, marks)
        if (whole) model.reads.set(`${gate} ${tree}`, new Set(reads.map(({ path }) => path)))
        break
      }
      case "Use": {
        const known = [...model.passes.keys()]
        const key = known[step.which] ?? sha("nothing")
        const at = now + step.minute * 60_000
        const before = model.passes.get(key)
        const after = before === undefined ? null : { ...before, usedAt: at, uses: before.uses + 1 }
        assert.deepStrictEqual(yield* cache.use(key, at), after)
        if (after !== null) model.passes.set(key, after)
        const marks = model.files.get(step.gate)
        const wanted = step.reads.filter(({ digest, path }) => marks?.has(`${digest} ${path}`) === true).map(({ path }) => path)
        assert.deepStrictEqual(sorted(yield* cache.passedFiles(step.gate, step.reads)), wanted.sort())
        for (const tree of ["/work/app", "/work/app-wt"]) {
          assert.deepStrictEqual(sorted(yield* cache.lastReads(step.gate, tree)), sorted(model.reads.get(`${step.gate} ${tree}`) ?? null))
        }
        break
      }
      case "Clear": {
        const meant = [...model.passes.values()]
          .filter((pass) => isMeant(pass, step.filter))
          .sort((a, b) => b.passedAt - a.passedAt || (a.key < b.key ? -1 : 1))
        assert.deepStrictEqual(yield* cache.list({ ...step.filter, limit: 3 }), meant.slice(0, 3))
        assert.strictEqual(yield* cache.clear(step.filter), meant.length)
        const all = step.filter.hook === undefined && step.filter.directory === undefined
        for (const { gate, key } of meant) {
          model.passes.delete(key)
          model.files.delete(gate)
          for (const place of model.reads.keys()) if (place.startsWith(gate)) model.reads.delete(place)
        }
        if (all) {
          model.files.clear()
          model.reads.clear()
        }
      }
    }
  })
