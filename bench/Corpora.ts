import { spawnSync } from "node:child_process"
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

/** A folder as Claude Code has it, full of transcripts that were made up. */
export interface Corpus {
  /** The configuration folder; its transcripts are in `projects`. */
  readonly path: string
  readonly bytes: number
}

/** Kept from run to run: writing a gigabyte takes longer than most measurements. */
const corporaFolder = join(process.env.HAN_BENCH_DIR ?? tmpdir(), "han-bench")

/** 0.05, say, for a quick look that says nothing about large archives. */
const scale = Number(process.env.HAN_BENCH_SCALE ?? 1)

/** Makes `path` with `fill` when it is not there. */
const kept = (path: string, fill: (folder: string) => void): Corpus => {
  if (!existsSync(path)) {
    const unfinished = `${path}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished, { recursive: true })
    fill(unfinished)
    renameSync(unfinished, path)
  }
  return { path, bytes: transcriptsOf(path).reduce((sum, file) => sum + statSync(file).size, 0) }
}

const generate = (folder: string, options: { readonly seed: number; readonly sessions: number; readonly lines: number }) => {
  const generator = fileURLToPath(new URL("../packages/sql/testing/corpus.mjs", import.meta.url))
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const { status, stderr } = spawnSync("node", [generator, "--out", folder, ...args], { encoding: "utf8" })
  if (status !== 0) throw new Error(`the corpus could not be written: ${stderr}`)
}

/** The corpus with these options. */
export const corpus = (options: { readonly seed: number; readonly sessions: number; readonly lines: number }): Corpus =>
  kept(join(corporaFolder, `corpus-${options.seed}-${options.sessions}-${options.lines}`), (folder) => generate(folder, options))

/** One session in one file of 600 MB. */
export const longSession = (): Corpus => {
  const bytes = 600_000_000 * scale
  return kept(join(corporaFolder, `long-${bytes}`), (folder) => {
    const project = join(folder, "projects", "-home-dev-long")
    mkdirSync(project, { recursive: true })
    const session = "00000000-0000-4000-a000-000000000001"
    const target = join(project, `${session}.jsonl`)
    const part = join(folder, "part")
    for (let seed = 1000, written = 0; written < bytes; seed++) {
      generate(part, { seed, sessions: 1, lines: 8000 })
      const main = transcriptsOf(part).find((path) => !path.includes("subagents"))
      if (main === undefined) throw new Error("the generator wrote no session")
      const text = readFileSync(main, "utf8").replaceAll(basename(main, ".jsonl"), session)
      appendFileSync(target, text)
      written += Buffer.byteLength(text)
      rmSync(part, { recursive: true })
    }
  })
}

/** Every transcript of a configuration folder. */
export const transcriptsOf = (path: string): ReadonlyArray<string> =>
  readdirSync(join(path, "projects"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => join(path, "projects", name))
    .sort()

/** What floor and indexing are measured on: 213 MB. */
export const standardCorpus = (): Corpus => corpus({ seed: 1, sessions: 400 * scale, lines: 400 })
/** 75,000 messages in 150 sessions. */
export const dashboardCorpus = (): Corpus => corpus({ seed: 3, sessions: 150 * scale, lines: 460 })
/** About 10^5 messages. */
export const smallCorpus = (): Corpus => corpus({ seed: 2, sessions: 240 * scale, lines: 400 })
/** About 10^6 messages, more than a gigabyte. */
export const largeCorpus = (): Corpus => corpus({ seed: 2, sessions: 2400 * scale, lines: 400 })
