// How fast secrets are taken out: of transcripts, line by line, and of the texts that cost the most.
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { redactor } from "han-core/Redaction"
import { machine, megabytes, percentile, row } from "./Measure.ts"

const redact = redactor({ DEPLOY_TOKEN: "correct-horse-battery-staple", NPM_TOKEN: "another-value-of-an-environment" })
const runs = 9
/** Milliseconds of processor time: on a machine that others use, too, an answer waits for more than that. */
const used = (work: () => unknown): number => {
  const before = process.cpuUsage()
  work()
  const { system, user } = process.cpuUsage(before)
  return (system + user) / 1000
}
const spent = (times: number, work: () => unknown): ReadonlyArray<number> => Array.from({ length: times }, () => used(work))
const rate = (bytes: number, milliseconds: ReadonlyArray<number>) => `${(bytes / 1000 / percentile(milliseconds, 0.5)).toFixed(1)} MB/s`

const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url))
const lines = globSync("**/*.jsonl", { cwd: fixtures }).flatMap((file) =>
  readFileSync(`${fixtures}/${file}`, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => new TextEncoder().encode(line))
)
const bytes = lines.reduce((sum, line) => sum + line.length, 0)
let changed = 0
const ofTranscripts = spent(runs, () => {
  changed = 0
  for (const line of lines) if (redact.line(line) !== line) changed++
})

const size = 1 << 20
const units = [
  "a",
  " ",
  "eyJ",
  "-eyJ",
  "eyJaaaaaaaa.",
  "ey.",
  "gh" + "p_",
  "github_pat_",
  "sk-",
  "SK0",
  "sk-ant-",
  "xoxb-",
  "AKIA",
  "password=",
  "password: ",
  'password="',
  "token=token(",
  "token:token:",
  "token='\\",
  'secret\\\\"',
  "secret        ",
  "authorization: ",
  "authorization:a",
  "bearer ",
  "bearer aaaa",
  "://",
  "://a:",
  "://a:b@",
  "-----BEGIN PRIV" + "ATE KEY-----",
  "-----BEGIN PRIV" + "ATE KEY-----\nAAAA\n",
  "-----BEGIN ",
  " -u a:b",
  "curl -u a:",
  "facebook",
  "sourcegraph ",
  "glpat-",
  "glpat-a",
  "kind: secret ",
  "data: a: b ",
  "adobe adobe = ",
  "twitter: ",
  "linkedin,",
  "s.a1",
  "dt0c01.",
  "_mmk",
  "Q~",
  ".atlasv1.",
  ":AA",
  '<add key="Password" value="',
  "hooks.slack.com/services/"
]
const worst: Array<{ readonly unit: string; readonly ms: number }> = []
for (const unit of units) {
  const text = unit.repeat(Math.ceil(size / unit.length))
  redact.text(text.slice(0, 4096))
  worst.push({
    unit,
    ms: percentile(
      spent(3, () => redact.text(text)),
      0.5
    )
  })
}
worst.sort((a, b) => b.ms - a.ms)

console.log(`\n${machine()}\n\n| what | figure | note |\n| --- | --- | --- |`)
row("taking secrets out of transcripts", rate(bytes, ofTranscripts), `${lines.length} lines, ${megabytes(bytes)} MB of fixtures, ${changed} of them changed`)
for (const { ms, unit } of worst.slice(0, 3))
  row(`of 1 MiB of \`${JSON.stringify(unit).slice(1, -1)}\` repeated`, rate(size, [ms]), `the worst of ${units.length} texts`)
