import type { HookOutcome } from "han-core/HookOutcome"

const output = (text: string) => ({ text, bytes: Buffer.byteLength(text), cut: false })

/** What became of the hook `lint` of the plugin `biome` in `/work/app/web`, which passed without a word, with these changes. */
export const outcome = (
  changes: Partial<Omit<HookOutcome, "stdout" | "stderr">> & { readonly stdout?: string; readonly stderr?: string; readonly stdoutCut?: boolean } = {}
): HookOutcome => {
  const { stdout, stderr, stdoutCut, ...rest } = changes
  const plugin = rest.plugin ?? "biome"
  const name = rest.name ?? "lint"
  return {
    runId: "run-1",
    hook: `${plugin}@market/${name}`,
    plugin,
    name,
    directory: "web",
    tree: "/work/app",
    status: "passed",
    said: null,
    reason: { code: "changed", text: "a.ts changed" },
    cached: false,
    command: "biome check",
    files: [],
    fileCount: 0,
    end: { _tag: "Exited", code: 0 },
    durationMs: 12,
    stdout: { ...output(stdout ?? ""), cut: stdoutCut ?? false },
    stderr: output(stderr ?? ""),
    outputFile: null,
    onError: "open",
    flaky: false,
    ...rest
  }
}

export const failed = (changes: Parameters<typeof outcome>[0] = {}): HookOutcome => outcome({ status: "failed", end: { _tag: "Exited", code: 1 }, ...changes })
export const blocked = (changes: Parameters<typeof outcome>[0] = {}): HookOutcome =>
  outcome({ status: "blocked", end: { _tag: "Exited", code: 2 }, ...changes })
export const broken = (onError: "open" | "closed", changes: Parameters<typeof outcome>[0] = {}): HookOutcome =>
  outcome({ status: "broken", onError, end: { _tag: "TimedOut", idle: false, limitMs: 30_000 }, ...changes })
/** It passed, and answered with this JSON. */
export const answered = (json: unknown, changes: Parameters<typeof outcome>[0] = {}): HookOutcome => outcome({ stdout: JSON.stringify(json), ...changes })
