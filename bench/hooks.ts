// How long an agent waits for `han hook run`, beside a program that does nothing.
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { makeHome, programs, startDaemon } from "./Daemon.ts"
import { machine, percentile, row, spread } from "./Measure.ts"

const runs = 100
const atOnce = 10
const { han } = programs()
const folder = mkdtempSync(join(tmpdir(), "han-bench-"))
const { home, remove } = makeHome()

const put = (file: string, text: string) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

interface Call {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly input: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What it prints. */
const once = ({ args, environment, file, input }: Call): string => {
  const { status, stderr, stdout } = spawnSync(file, args, { cwd: project, env: environment, input, encoding: "utf8" })
  if (status !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${status}: ${stderr}`)
  return `${stdout}${stderr}`
}

const ten = (call: Call): Promise<unknown> =>
  Promise.all(
    Array.from(
      { length: atOnce },
      () =>
        new Promise<void>((resolve, reject) => {
          const child = spawn(call.file, call.args, { cwd: project, env: call.environment, stdio: ["pipe", "ignore", "ignore"] })
          child.on("error", reject)
          child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${call.file} ended with ${code}`))))
          child.stdin.on("error", () => {})
          child.stdin.end(call.input)
        })
    )
  )

/** One after another in each round, so that all of them see the same machine. */
const paired = async (works: ReadonlyArray<() => unknown>): Promise<ReadonlyArray<ReadonlyArray<number>>> => {
  const samples = works.map((): Array<number> => [])
  for (let round = -5; round < runs; round++) {
    for (const [index, work] of works.entries()) {
      const began = performance.now()
      await work()
      if (round >= 0) samples[index]?.push(performance.now() - began)
    }
  }
  return samples
}

const project = join(folder, "project")
const ran = join(folder, "ran")
const config = join(folder, "config")
put(join(project, "package.json"), "{}\n")
for (let file = 0; file < 200; file++) put(join(project, "src", `file${file}.ts`), `export const value = ${file}\n`)
put(
  join(folder, "market", "gate", "han-plugin.yml"),
  `hooks:\n  gate:\n    event: Stop\n    command: echo ran >> '${ran}'\n    dirs_with: [package.json]\n    if_changed: ["**/*.ts"]\n`
)
put(join(folder, "market", ".claude-plugin", "marketplace.json"), JSON.stringify({ plugins: [{ name: "gate", source: "./gate" }] }))
put(
  join(config, "settings.json"),
  JSON.stringify({
    enabledPlugins: { "gate@bench": true },
    extraKnownMarketplaces: { bench: { source: { source: "directory", path: join(folder, "market") } } }
  })
)
mkdirSync(join(config, "projects"))

try {
  console.log(machine())
  for (const args of [
    ["init", "--quiet"],
    ["add", "."],
    ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "-m", "bench"]
  ])
    spawnSync("git", args, { cwd: project, stdio: "inherit" })
  put(join(folder, "empty.ts"), "export {}\n")
  const empty = join(folder, "empty")
  const built = ["build", "--compile", "--minify", "--bytecode", "--format=esm", join(folder, "empty.ts"), "--outfile", empty]
  spawnSync(process.execPath, built, { stdio: ["ignore", "ignore", "inherit"] })

  await using daemon = await startDaemon(home, config)
  const environment = { ...daemon.environment, CLAUDE_PROJECT_DIR: project, HAN_HOOK_NO_START: "1" }
  const common = { session_id: "00000000-0000-4000-a000-000000000001", cwd: project, permission_mode: "default" }
  const hook = (event: string, fields: object): Call => ({
    file: han,
    args: ["hook", "run", event],
    input: `${JSON.stringify({ ...common, hook_event_name: event, ...fields })}\n`,
    environment
  })
  const file = join(project, "src", "file1.ts")
  const edit = { tool_name: "Edit", tool_input: { file_path: file, old_string: "1", new_string: "1" }, tool_response: {}, tool_use_id: "toolu_1" }
  const nothing = hook("PostToolUse", edit)
  const gate = hook("Stop", { stop_hook_active: false })
  const down: Call = { ...nothing, environment: { ...environment, HAN_HOME: join(folder, "nobody") } }
  const program: Call = { file: empty, args: [], input: nothing.input, environment }

  if (once(nothing) !== "") throw new Error("a hook said something where none is due")
  once(gate)
  if (!once(down).includes("not running")) throw new Error("somebody answers where nobody is")

  const [bare = [], idle = [], cached = [], refused = []] = await paired([program, nothing, gate, down].map((call) => () => once(call)))
  const [bareTen = [], idleTen = []] = await paired([program, nothing].map((call) => () => ten(call)))
  if (readFileSync(ran, "utf8") !== "ran\n") throw new Error("the gate was run again although it had passed")

  const base = percentile(bare, 0.5)
  const beside = (samples: ReadonlyArray<number>) =>
    `${(percentile(samples, 0.5) / base).toFixed(1)} × an empty program, p95 ${(percentile(samples, 0.95) / base).toFixed(1)} ×`
  const many = (samples: ReadonlyArray<number>, one: ReadonlyArray<number>) => (percentile(samples, 0.5) / percentile(one, 0.5)).toFixed(1)
  row("an empty compiled program", spread(bare), `p95 ${(percentile(bare, 0.95) / base).toFixed(1)} ×; ${atOnce} at once ${many(bareTen, bare)} × one`)
  row("han hook run PostToolUse, nothing to do", spread(idle), beside(idle))
  row("han hook run Stop, the gate has passed before", spread(cached), beside(cached))
  row(`han hook run PostToolUse, ${atOnce} at once`, spread(idleTen), `${many(idleTen, idle)} × one, ${many(idleTen, bareTen)} × ${atOnce} empty programs`)
  row("han hook run PostToolUse, no coordinator", spread(refused), beside(refused))
} finally {
  remove()
  rmSync(folder, { recursive: true, force: true })
}
