import { readFileSync } from "node:fs"
import { cpus, release, totalmem, type } from "node:os"

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

/** What was measured on. */
export const machine = (): string => {
  const [processor] = cpus()
  return `${processor?.model.trim() ?? "unknown processor"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Bun ${Bun.version}`
}

/** One row of the table in bench/README.md. */
export const row = (what: string, figure: string, note = ""): void => {
  console.log(`| ${what} | ${figure} | ${note} |`)
}

/** The value that `share` of the samples do not exceed. */
export const percentile = (samples: ReadonlyArray<number>, share: number): number => {
  const sorted = samples.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
  if (value === undefined) throw new Error("nothing was measured")
  return value
}

/** Median and 95th percentile in words. */
export const spread = (milliseconds: ReadonlyArray<number>): string =>
  `p50 ${percentile(milliseconds, 0.5).toFixed(2)} ms, p95 ${percentile(milliseconds, 0.95).toFixed(2)} ms`

/** How long each run of `work` takes, in milliseconds. */
export const timed = async (runs: number, work: (run: number) => unknown): Promise<ReadonlyArray<number>> => {
  const samples: Array<number> = []
  for (let run = 0; run < runs; run++) {
    const began = performance.now()
    await work(run)
    samples.push(performance.now() - began)
  }
  return samples
}

/** The most memory that this process has had so far, in bytes. */
export const peakMemory = (): number => {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))
    if (line?.[1] !== undefined) return Number(line[1]) * 1024
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024
}

/** What `han` sets for a coordinator that it starts. */
export const asStartedByHan = { BUN_JSC_forceRAMSize: "402653184" }
