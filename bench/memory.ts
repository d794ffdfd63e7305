// Peak memory of a cold index: of a gigabyte in many files, and of 600 MB in one.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Corpus, largeCorpus, longSession } from "./Corpora.ts"
import { indexOnce } from "./IndexOnce.ts"
import { machine, megabytes, row } from "./Measure.ts"

const folder = mkdtempSync(join(tmpdir(), "han-bench-"))
const measure = async (what: string, of: Corpus) => {
  const filename = join(folder, "han.db")
  const { peakBytes, report, seconds } = await indexOnce("sqlite", filename, of.path)
  row(
    `peak memory, ${what}`,
    `${megabytes(peakBytes)} MB`,
    `${megabytes(of.bytes)} MB in ${report.transcripts} files, ${report.entries} lines, ${(of.bytes / 1e6 / seconds).toFixed(1)} MB/s`
  )
  rmSync(filename)
}
try {
  console.log(machine())
  await measure("a gigabyte of transcripts", largeCorpus())
  await measure("one file of 600 MB", longSession())
} finally {
  rmSync(folder, { recursive: true, force: true })
}
