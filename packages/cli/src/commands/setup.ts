import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { settingsFile } from "han-core/ClaudeFolders"
import { type ClientEntriesChange, type EntryChange, refusalOf, remove, standardEvents, write } from "han-core/ClientEntries"
import { hookKey } from "han-core/HookKey"
import { matcherOf } from "han-core/HookMatcher"
import { Hooks } from "han-core/Hooks"
import { read } from "han-core/JsonFile"
import { Coordinator } from "han-rpc/Coordinator"
import { answered, print, run as runAgainst } from "../Asking.ts"
import { claudeFolder } from "../ClaudeFolder.ts"
import { BadUsage, CommandFailed } from "../CommandFailed.ts"
import { connect } from "../Connection.ts"
import { hanProgram } from "../HanProgram.ts"
import type { Host } from "../Host.ts"
import { counted } from "../terminal/Figures.ts"
import { plainLine, toJson } from "../terminal/PlainText.ts"
import { styleOf } from "../terminal/Style.ts"
import { table } from "../terminal/Table.ts"

export interface Options {
  readonly events: ReadonlyArray<string>
  readonly http: boolean
  readonly dryRun: boolean
  readonly uninstall: boolean
  readonly json: boolean
}

export const run = (options: Options, host: Host): Promise<number> =>
  runAgainst(host, options.uninstall ? uninstalled(options, host) : installed(options, host))

const placeOf = (options: Options, host: Host) => ({
  settings: settingsFile("user", claudeFolder(host)),
  record: join(host.home, "setup.json"),
  dry: options.dryRun
})

const uninstalled = (options: Options, host: Host) => {
  const place = placeOf(options, host)
  return Effect.flatMap(remove(place), (change) => say(options, host, place.settings, change))
}

const installed = (options: Options, host: Host) =>
  Effect.gen(function* () {
    for (const event of options.events) {
      const refusal = refusalOf(event)
      if (refusal !== null) return yield* Effect.fail(new BadUsage(`setup: ${refusal}`))
    }
    const place = placeOf(options, host)
    // Whatever is wrong with the file is said before anything is started for it.
    yield* read(place.settings)
    const connected = yield* Effect.either(connect(host))
    const asked = Either.isLeft(connected) ? { events: [], watched: null, notes: [unasked(connected.left.message)] } : yield* pluginEvents(host)
    const http = options.http ? yield* Either.isLeft(connected) ? Effect.fail(withoutHttp(connected.left.message)) : requests(host) : undefined
    const change = yield* write(place, {
      events: [...new Set([...standardEvents, ...asked.events, ...options.events])],
      watched: asked.watched,
      program: hanProgram(host),
      http
    })
    yield* say(options, host, place.settings, { ...change, notes: [...change.notes, ...asked.notes, ...(http?.notes ?? [])] })
  })

const unasked = (reason: string) => `the hooks of plugins could not be asked for, so only the standard events were looked at: ${reason}`

/** The events that the hooks of the user's own plugins wait for, and the files that they have watched. */
const pluginEvents = (host: Host) =>
  Effect.gen(function* () {
    const folder = host.environment.CLAUDE_CONFIG_DIR
    // No project: what a repository enables has no say in what is run everywhere.
    const query = { projectPath: host.home, ...(folder === undefined || folder === "" || folder.includes(",") ? {} : { folder }) }
    const found = yield* Effect.either(
      answered(
        host,
        "hooks",
        Effect.flatMap(Hooks, (hooks) => hooks.list(query))
      )
    )
    if (Either.isLeft(found)) return { events: [], watched: null, notes: [unasked(found.left.message)] }
    const notes: Array<string> = []
    const events = found.right.hooks.flatMap(({ enabled, id, triggers }) =>
      triggers.flatMap(({ event }) => {
        if (!enabled) return []
        const refusal = refusalOf(event)
        if (refusal === null && event !== onlyIfAsked) return [event]
        notes.push(
          refusal === null ? `${id} waits for ${event}, which comes with every line that is shown: \`han setup --event ${event}\`` : `${id}: ${refusal}`
        )
        return []
      })
    )
    const files = found.right.hooks.filter(({ enabled }) => enabled).flatMap(({ triggers }) => triggers.filter(({ event }) => event === "FileChanged"))
    return {
      events,
      watched: matcherOf(
        "FileChanged",
        files.map(({ values }) => values)
      ),
      notes
    }
  })

const onlyIfAsked = "MessageDisplay"

const withoutHttp = (reason: string) => new CommandFailed(`setup --http: ${reason}; nothing was written`)

/** Where the coordinator listens, and what it lets in. */
const requests = (host: Host) =>
  Effect.gen(function* () {
    const { http } = yield* answered(
      host,
      "status",
      Effect.flatMap(Coordinator, (coordinator) => coordinator.status)
    )
    if (http.state === "off") return yield* Effect.fail(withoutHttp(http.reason))
    const file = join(host.home, "token")
    const token = yield* Effect.try({
      try: () => readFileSync(file, "utf8").trim(),
      catch: (cause) => withoutHttp(`${file} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`)
    })
    const config = yield* read(join(host.home, "config.json"))
    const changes = host.environment.HAN_PORT === "0" || ((host.environment.HAN_PORT ?? "") === "" && config?.port === 0)
    return {
      port: http.port,
      key: hookKey(token),
      notes: changes
        ? [`the coordinator takes another port at every start; the requests go to ${http.port}: choose one, then run \`han setup --http\` again`]
        : []
    }
  })

const say = (options: Options, host: Host, file: string, { entries, notes, written }: ClientEntriesChange) =>
  options.json
    ? print(host.out, `${toJson({ file, written: written && !options.dryRun, dryRun: options.dryRun, entries, notes })}\n`)
    : print(host.out, text(options, host, file, { entries, notes, written }))

const text = (options: Options, host: Host, file: string, { entries, notes, written }: ClientEntriesChange): string => {
  const style = styleOf(host.terminal)
  const shown = plainLine(file)
  const parts = [
    options.uninstall ? takenText(options, shown, entries, written) : givenText(options, shown, entries, written),
    entries.length === 0 || (!written && !options.dryRun) ? "" : table(entries, columns, { width: host.terminal.columns, style }),
    notes.map((note) => `${style.yellow("note")}  ${plainLine(note)}\n`).join(""),
    written && !options.uninstall && !options.dryRun
      ? "Claude Code takes it up at once, also in sessions that run. `han setup --uninstall` takes exactly this out again.\n"
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
