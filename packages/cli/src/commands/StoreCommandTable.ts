import { command } from "../command-line/CommandEntry.ts"
import type { Command } from "../command-line/CommandLine.ts"

/** The commands for the store's file. */
export const storeCommands: ReadonlyArray<Command> = [
  command({
    name: "backup",
    takes: "FILE",
    summary: "copy the whole store into a new file, while everything goes on",
    notes: ["The file is a store of its own, which only you can read. One that is there is not overwritten. `han restore-backup FILE` puts it back."],
    start: (given) => {
      const options = { file: given.word("the FILE to write") }
      return async (host) => (await import("./store/backup.ts")).run(options, host)
    }
  }),
  command({
    name: "restore-backup",
    takes: "FILE",
    summary: "put a backup in the place of the store, which is kept beside it",
    notes: [
      "Copies FILE and checks every line of the copy. Then the coordinator is ended, the files are swapped, and it is started again if it was running.",
      "Sessions that are newer than FILE are indexed again as far as their transcripts are still there. `han coordinator prune` removes the former store."
    ],
    start: (given) => {
      const options = { file: given.word("the FILE of a backup") }
      return async (host) => (await import("./store/restoreBackup.ts")).run(options, host)
    }
  })
]
