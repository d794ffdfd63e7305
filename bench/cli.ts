// How long a person waits for a command, and for the coordinator.
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { largeCorpus, smallCorpus } from "./Corpora.ts"
import { indexed, makeHome, programs, startDaemon } from "./Daemon.ts"
import { machine, megabytes, percentile, row, spread, timed } from "./Measure.ts"

const runs = 40
const { han, coordinator } = programs()
const folder = mkdtempSync(join(tmpdir(), "han-bench-"))

const run = (command: string, args: ReadonlyArray<string>, environment: Readonly<Record<string, string | undefined>>) => () => {
  const { status, stderr } = spawnSync(command, args, { env: environment, encoding: "utf8" })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`)
}
const time = async (work: () => void) => {
  await timed(3, work)
  return timed(runs, work)
}

try {
  console.log(machine())
  writeFileSync(join(folder, "empty.ts"), "export {}\n")
  const empty = join(folder, "empty")
  run(process.execPath, ["build", "--compile", "--minify", "--bytecode", "--format=esm", join(folder, "empty.ts"), "--outfile", empty], process.env)()
  row(
    "size of han, han-coordinator",
    `${megabytes(statSync(han).size)} MB, ${megabytes(statSync(coordinator).size)} MB`,
    `an empty program of Bun: ${megabytes(statSync(empty).size)} MB`
  )

  for (const [size, of] of [
    ["10⁵", smallCorpus()],
    ["10⁶", largeCorpus()]
  ] as const) {
    const { home, remove } = makeHome()
    try {
      {
        await using daemon = await startDaemon(home, of.path)
        row(
          "coordinator: start → healthy, empty database",
          `${daemon.healthyAfterMs.toFixed(0)} ms`,
          `first start, before ${megabytes(of.bytes)} MB are indexed`
        )
        await indexed(daemon)
        if (size === "10⁵") {
          const bare = await time(run(empty, [], daemon.environment))
          const base = percentile(bare, 0.5)
          const compare = async (what: string, command: string, args: ReadonlyArray<string>) => {
            const samples = await time(run(command, args, daemon.environment))
            row(what, spread(samples), `${(percentile(samples, 0.5) / base).toFixed(1)} × an empty program`)
          }
          row("an empty compiled program", spread(bare), "")
          await compare("han --version, compiled", han, ["--version"])
          await compare("han sessions, compiled", han, ["sessions", "--limit", "20"])
          await compare("han search, compiled", han, ["search", "ledger price", "--limit", "20"])
          await compare("han sessions, from source", process.execPath, [
            "--conditions=han-source",
            fileURLToPath(new URL("../packages/cli/src/bin.ts", import.meta.url)),
            "sessions",
            "--limit",
            "20"
          ])
        }
      }
      const starts: Array<number> = []
      for (let start = 0; start < 10; start++) {
        await using daemon = await startDaemon(home, of.path)
        starts.push(daemon.healthyAfterMs)
      }
      row(`coordinator: start → healthy, ${size} messages`, spread(starts), `database ${megabytes(statSync(join(home, ".han", "han.db")).size)} MB`)
    } finally {
      remove()
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
