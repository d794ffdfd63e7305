#!/usr/bin/env bun
const [command, ...argv] = process.argv.slice(2)
// Each is loaded by itself: whoever waits for one does not wait for the other.
const { run } = command === "restore-backup" ? await import("./restoreBackup.ts") : await import("./serve.ts")

process.exit(await run(command === "restore-backup" ? argv : process.argv.slice(2)))
