import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import { hookEventNames, isHookEvent, refusalOf } from "han-core/HookEvents"
import type { HookList } from "han-core/Hooks"
import { type ClientEntriesChange, type EntryChange, remove, standardEvents, write } from "han-core/unstable/ClientEntries"
import { mayRun } from "han-core/unstable/HookCallers"
import { print, run as runAgainst } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { BadUsage } from "../environment/CommandFailed.ts"
import { faultsIn, layerFiles, placeOf, situations, wantedBy } from "../hook/GateEntries.ts"
import { counted } from "../terminal/Figures.ts"
import { plainLine, toJson } from "../terminal/PlainText.ts"
import { styleOf } from "../terminal/Style.ts"
import { table } from "../terminal/Table.ts"

export interface Options {
  readonly events: ReadonlyArray<string>
  readonly dryRun: boolean
  readonly uninstall: boolean
  readonly json: boolean
}

/** The files are read and changed here: no coordinator is needed. */
export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  runAgainst(host, Effect.provide(options.uninstall ? uninstalled(options, host) : installed(options, host), layerFiles(host)))

const uninstalled = (options: Options, host: CliEnvironment) => {
  const place = placeOf(host, options.dryRun)
  return Effect.flatMap(remove(place), (change) => say(options, host, place.settings, { ...change, isCalled: false }))
}

const installed = (options: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    for (const event of options.events) {
      const refusal = refusalOf(event)
      const others = isHookEvent(event) ? "" : `; those are ${hookEventNames.filter((name) => refusalOf(name) === null).join(", ")}`
      if (refusal !== null) return yield* Effect.fail(new BadUsage(`setup: ${refusal}${others}`))
    }
    const place = placeOf(host, options.dryRun)
    const before = yield* situations(host)
    const events = [...new Set([...standardEvents, ...options.events])]
    const change = yield* write(place, wantedBy(before, host, { events, corrects: true, settings: place.settings }))
    const { lists } = yield* situations(host)
    const { doubles, vain } = faultsIn(lists)
    // What a single project switches off holds there alone.
    const isCalled = lists.slice(0, 1).every(({ client }) => client.disabledBy === null && !client.ignored.some(({ path }) => path === place.settings))
    const notes = new Set([...change.notes, ...before.notes, ...(options.dryRun ? [] : vain), ...doubles, ...untrusted(lists)])
    yield* say(options, host, place.settings, { ...change, notes: [...notes], isCalled })
  })

const untrusted = (lists: ReadonlyArray<HookList>): ReadonlyArray<string> =>
  lists.flatMap(({ hooks, projectPath, trust }) => {
    const waiting = hooks.filter((hook) => hook.enabled && !mayRun(hook))
    return waiting.length === 0 || trust.digest === null
      ? []
      : [
          `${counted(waiting.length, "hook")} of ${projectPath} ${waiting.length === 1 ? "is" : "are"} not trusted, and not run: \`han trust\` shows what would run, and lets it`
        ]
  })

interface Said extends ClientEntriesChange {
  /** Claude Code reads the file, and runs what it says. */
  readonly isCalled: boolean
}

const say = (options: Options, host: CliEnvironment, file: string, said: Said) => {
  const { entries, notes, written } = said
  return options.json
    ? print(host.out, `${toJson({ file, written: written && !options.dryRun, dryRun: options.dryRun, entries, notes })}\n`)
    : print(host.out, text(options, host, file, said))
}

const text = (options: Options, host: CliEnvironment, file: string, { entries, isCalled, notes, written }: Said): string => {
  const style = styleOf(host.terminal)
  const shown = plainLine(file)
  const parts = [
    options.uninstall ? takenText(options, shown, entries, written) : givenText(options, shown, entries, written),
    entries.length === 0 || (!written && !options.dryRun) ? "" : table(entries, columns, { width: host.terminal.columns, style }),
    notes.map((note) => `${style.yellow("note")}  ${plainLine(note)}\n`).join(""),
    written && !options.uninstall && !options.dryRun
      ? `${isCalled ? "Claude Code takes it up at once, also in sessions that run. " : "Claude Code runs none of it before what the notes say is put right. "}\`han setup --uninstall\` takes exactly this out again.\n`
      : ""
  ]
  return parts.filter((part) => part !== "").join("\n")
}

const givenText = ({ dryRun }: Options, file: string, entries: ReadonlyArray<EntryChange>, written: boolean): string =>
  !written
    ? `${file} has all ${counted(entries.length, "entry", "entries")} of han already; nothing was changed.\n`
    : `${dryRun ? "Would write to" : existsSync(file) ? "Wrote to" : "Made"} ${file}:\n`

const takenText = ({ dryRun }: Options, file: string, entries: ReadonlyArray<EntryChange>, written: boolean): string =>
  !written
    ? `${file} has nothing of han; nothing was changed.\n`
    : `${dryRun ? "Would take" : "Took"} ${counted(entries.length, "entry", "entries")} out of ${file}${dryRun || existsSync(file) ? "" : ", which was empty then and is gone"}:\n`

const columns = [
  { header: "EVENT", cell: (entry: EntryChange) => entry.event },
  { header: "CHANGE", cell: (entry: EntryChange) => entry.change },
  { header: "TYPE", cell: (entry: EntryChange) => entry.type },
  { header: "WHAT", cell: (entry: EntryChange) => entry.what }
]
