import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import { git, hookProject, putPlugin } from "../../../../../test/hookProject.ts"
import { runs as size } from "../../../../../test/runs.ts"

/** Histories in all; they share a store, so that what one has passed is there for the next. */
const histories = size(1000, 60)

const names = ["a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt", "e.txt"] as const
const texts = ["", "one", "two", "bad", "one two"] as const
const trees = ["project", "other"] as const
const sessions = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"] as const

type Step =
  | { readonly what: "write" | "append"; readonly tree: number; readonly name: string; readonly text: string }
  | { readonly what: "delete" | "link" | "chmod"; readonly tree: number; readonly name: string }
  | { readonly what: "rename"; readonly tree: number; readonly name: string; readonly to: string }
  | { readonly what: "ignore"; readonly tree: number; readonly name: string | null }
  | { readonly what: "command"; readonly version: number }
  | { readonly what: "gate"; readonly tree: number; readonly session: number; readonly agent: boolean; readonly mine: string; readonly fresh: boolean }

const tree = FastCheck.nat(1)
const name = FastCheck.constantFrom(...names)
const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  {
    weight: 4,
    arbitrary: FastCheck.record({ what: FastCheck.constantFrom("write" as const, "append" as const), tree, name, text: FastCheck.constantFrom(...texts) })
  },
  { weight: 2, arbitrary: FastCheck.record({ what: FastCheck.constantFrom("delete" as const, "link" as const, "chmod" as const), tree, name }) },
  { weight: 1, arbitrary: FastCheck.record({ what: FastCheck.constant("rename" as const), tree, name, to: name }) },
  { weight: 1, arbitrary: FastCheck.record({ what: FastCheck.constant("ignore" as const), tree, name: FastCheck.option(name) }) },
  { weight: 1, arbitrary: FastCheck.record({ what: FastCheck.constant("command" as const), version: FastCheck.nat(2) }) },
  {
    weight: 5,
    arbitrary: FastCheck.record({
      what: FastCheck.constant("gate" as const),
      tree,
      session: FastCheck.nat(1),
      agent: FastCheck.boolean(),
      mine: FastCheck.constantFrom("x", "y"),
      fresh: FastCheck.integer({ min: 0, max: 9 }).map((number) => number === 0)
    })
  }
)

/** `whole` looks at all of its files, `each` at those that it is given; both fail for a file that says "bad". */
const hooks = (version: number) =>
  `  whole:\n    event: Stop\n    command: ": ${version}; for f in *.txt sub/*.txt sub/deep/*.txt; do ! grep -qs bad $f || exit 1; done"\n    if_changed: ['**/*.txt']\n    environment: [MINE]\n` +
  `  each:\n    event: Stop\n    command: ": ${version}; for f in \${HAN_FILES}; do ! grep -qs bad $f || exit 1; done"\n    if_changed: ['**/*.txt']\n`

describe("random histories of edits, gates, sessions and worktrees", () => {
  it.scopedLive(
    "a gate is skipped only when this very content passed it before, and always then",
    () =>
      Effect.gen(function* () {
        const { project, root, run } = yield* hookProject(hooks(0))
        git(project, "commit", "-q", "--allow-empty", "-m", "one")
        git(project, "worktree", "add", "-q", "../other", "-b", "other")
        let version = 0
        let ignored: ReadonlyArray<string | null> = [null, null]
        /** What passed, as a reader of the disk sees it. */
        const passed = new Set<string>()
        let skips = 0
        let runs = 0

        const contentOf = (at: number, withIgnored = false): ReadonlyMap<string, string> =>
          new Map(
            names.flatMap((file) => {
              const full = Path.join(root, trees[at] ?? "", file)
              const stats = Fs.lstatSync(full, { throwIfNoEntry: false })
              if (stats === undefined || (!withIgnored && ignored[at] === file)) return []
              const link = stats.isSymbolicLink() ? Fs.readlinkSync(full) : null
              const text = Fs.existsSync(full) ? Fs.readFileSync(full, "utf8") : null
              return [[file, JSON.stringify([link, text, Fs.existsSync(full) ? Fs.statSync(full).mode & 0o111 : 0])] as const]
            })
          )

        const gate = Effect.fnUntraced(function* ({ agent, fresh, mine, session, tree: at }: Extract<Step, { what: "gate" }>) {
          const content = contentOf(at)
          const { outcomes } = yield* run("Stop", {
            cwd: Path.join(root, trees[at] ?? ""),
            environment: { MINE: mine },
            session: sessions[session] ?? null,
            cache: !fresh,
            more: agent ? { agent_id: "agent" } : {}
          })
          const isBad = (one: ReadonlyMap<string, string>) => [...one.values()].some((text) => text.includes("bad"))
          const bad = isBad(content)
          // The command reads what git ignores, too.
          const fails = isBad(contentOf(at, true))
          for (const outcome of outcomes) {
            const [whole, ...each] = [
              JSON.stringify([outcome.name, version, outcome.name === "whole" ? mine : "", [...content]]),
              ...[...content].map((file) => JSON.stringify(["file", version, file]))
            ] as const
            const hasPassed = outcome.name === "whole" ? passed.has(whole) : passed.has(whole) || each.every((one) => passed.has(one))
            if (outcome.status === "skipped") {
              assert.strictEqual(content.size, 0, "skipped for want of files")
              continue
            }
            if (outcome.cached) {
              skips++
              assert.isTrue(hasPassed, `${outcome.name} was skipped, but never passed with this content: ${outcome.reason.text}`)
              assert.isFalse(bad)
            } else {
              runs++
              assert.isFalse(
                outcome.name === "whole" && hasPassed && !fresh && content.size > 0,
                `${outcome.name} ran again with content that passed: ${outcome.reason.text}`
              )
              if (outcome.name === "whole") assert.strictEqual(outcome.status, fails ? "failed" : "passed")
            }
            if (outcome.status !== "passed") continue
            assert.isFalse(bad, `${outcome.name} passed with a bad file`)
            passed.add(whole)
            if (outcome.name === "each") for (const one of each) passed.add(one)
          }
        })

        const apply = (one: Exclude<Step, { what: "gate" }>): void => {
          if (one.what === "command") {
            version = one.version
            putPlugin(root, hooks(version))
            return
          }
          const folder = Path.join(root, trees[one.tree] ?? "")
          if (one.what === "ignore") {
            ignored = ignored.map((before, at) => (at === one.tree ? one.name : before))
            Fs.writeFileSync(Path.join(folder, ".gitignore"), one.name === null ? "" : `/${one.name}\n`)
            return
          }
          const file = Path.join(folder, one.name)
          Fs.mkdirSync(Path.dirname(file), { recursive: true })
          switch (one.what) {
            case "write":
              Fs.rmSync(file, { force: true })
              return Fs.writeFileSync(file, one.text)
            case "append":
              // In place, through a link as well.
              return Fs.existsSync(file) ? Fs.appendFileSync(file, one.text) : undefined
            case "delete":
              return Fs.rmSync(file, { force: true })
            case "chmod":
              return Fs.existsSync(file) ? Fs.chmodSync(file, (Fs.statSync(file).mode & 0o777) ^ 0o111) : undefined
            case "link":
              Fs.rmSync(file, { force: true })
              return Fs.symlinkSync(Path.relative(Path.dirname(file), Path.join(root, "outside")), file)
            case "rename": {
              const to = Path.join(folder, one.to)
              Fs.mkdirSync(Path.dirname(to), { recursive: true })
              if (Fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined && file !== to) Fs.renameSync(file, to)
            }
          }
        }

        Fs.writeFileSync(Path.join(root, "outside"), "linked")
        const seed = Number(process.env["SEED"] ?? 20261122)
        for (const steps of FastCheck.sample(FastCheck.array(step, { minLength: 3, maxLength: 6 }), { numRuns: histories, seed })) {
          for (const one of steps) {
            if (one.what === "gate") yield* gate(one)
            else apply(one)
          }
        }
        // Both happened often enough to mean something.
        assert.isAbove(skips, histories / 16)
        assert.isAbove(runs, histories / 16)
      }),
    600_000
  )
})
