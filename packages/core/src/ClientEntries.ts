import { chmod, lstat, mkdir, unlink, writeFile } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { hookEvents } from "./Hook.ts"
import { isForAll, matcherOf } from "./HookMatcher.ts"
import { errorCode } from "./internal/fileFacts.ts"
import { type HandlerPlace, handlersIn, hanHookCall, isSetupHandler, pathOf, takeOut } from "./internal/hookHandlers.ts"
import { array, canonicalJson, isObject, type JsonObject, object, text } from "./internal/json.ts"
import { editPlanned, type JsonPlan, planOf, wholeText } from "./internal/jsonPlan.ts"
import { digestOf, readRecord, removeRecord, type SetupRecord, writeRecord } from "./internal/setupRecord.ts"
import { readWhole, replaceWhole, targetOf } from "./internal/wholeFile.ts"
import { type JsonFileBroken, type JsonFileUnreadable, JsonFileUnwritable } from "./JsonFile.ts"

/** A thing that Claude Code is to run at an event. */
export interface ClientEntry {
  readonly event: string
  readonly type: "command" | "http"
  /** The command or the address. */
  readonly what: string
}

/** `kept`: it stood there already. */
export interface EntryChange extends ClientEntry {
  readonly change: "added" | "changed" | "removed" | "kept"
}

export interface ClientEntriesPlace {
  /** A settings file of Claude Code; where it is a symbolic link, what it names is written. */
  readonly settings: string
  /** Where han keeps what a settings file was, when that cannot be seen from what it is. */
  readonly record: string
  /** Only say what would be done. */
  readonly dry: boolean
}

export interface ClientEntriesWanted {
  readonly events: ReadonlyArray<string>
  /** The matcher that has Claude Code watch the files of hooks at `FileChanged` (`HookMatcher.matcherOf`). */
  readonly watched?: string | null | undefined
  /** What begins the command, quoted for a shell. */
  readonly program: string
  /** Requests beside the commands, at events that have them: where the coordinator listens, and what it lets in. */
  readonly http?: { readonly port: number; readonly key: string } | undefined
}

/** What was done, in the order of the file. `notes`: what keeps Claude Code from running it, in words. */
export interface ClientEntriesChange {
  readonly written: boolean
  readonly entries: ReadonlyArray<EntryChange>
  readonly notes: ReadonlyArray<string>
}

/** The file is broken, or cannot be read or written. It is as it was. */
export type ClientEntriesError = JsonFileBroken | JsonFileUnreadable | JsonFileUnwritable

/** What han always wants to hear of. Every entry costs a process each time. */
export const standardEvents: ReadonlyArray<string> = ["SessionStart", "PostToolUse", "Stop", "SubagentStop"]

/** Why han does not run at that event; null when it may. */
export const refusalOf = (event: string): string | null =>
  !hookEvents.includes(event)
    ? `"${event.slice(0, 60)}" is no event of Claude Code; those are ${hookEvents.filter((one) => one !== replaced).join(", ")}`
    : event === replaced
      ? `${replaced} is not possible: an entry for it makes Claude Code leave the making of worktrees to its command, which han does not do`
      : null

const replaced = "WorktreeCreate"

/** Seconds, where Claude Code itself would not wait for a gate: 30 by itself, 1.5 at the end of a session, which then waits for as long as this. */
const timeouts: Readonly<Record<string, number>> = { UserPromptSubmit: 600, PreModelSwitch: 600, SessionEnd: 60 }

/** Claude Code sends no requests at these. */
const withoutRequests: ReadonlyArray<string> = ["SessionStart", "Setup"]

/**
 * Has Claude Code call han. Entries that are there already stay as they are, with what a person added to them; those that name another program, another port or
 * another key are corrected; those for events that are not wanted stay. With `http` the file is closed to other users.
 */
export const write: (place: ClientEntriesPlace, wanted: ClientEntriesWanted) => Effect.Effect<ClientEntriesChange, ClientEntriesError> = Effect.fn(
  "ClientEntries.write"
)(function* (place, wanted) {
  const target = yield* targetPath(place.settings)
  const made = wanted.http !== undefined && !place.dry ? yield* closed(target) : false
  const { changes, made: entries } = yield* editPlanned(place.settings, place.dry, (plan, whole, mark) =>
    Effect.gen(function* () {
      const before = plan.text
      const entries = wanted.events.flatMap((event) =>
        writeEvent(plan, event, handlersOf(wanted, event), event === "FileChanged" ? (wanted.watched ?? null) : null)
      )
      if (!place.dry && plan.text !== before) {
        yield* remember(place, target, yield* originalOf(place, target, made ? null : whole), mark + plan.text)
      }
      return { entries, notes: notesOf(place.settings, plan.value, wanted) }
    })
  ).pipe(Effect.onError(() => (made ? Effect.promise(() => unlink(target).catch(() => undefined)) : Effect.void)))
  return { written: changes, ...entries } satisfies ClientEntriesChange
})

/** Takes out what `write` put in, now or in an earlier version. What else changed meanwhile stays; when nothing did, every byte is as before the first `write`. */
export const remove: (place: ClientEntriesPlace) => Effect.Effect<ClientEntriesChange, ClientEntriesError> = Effect.fn("ClientEntries.remove")(
  function* (place) {
    const target = yield* targetPath(place.settings)
    const record = yield* readRecord(place.record, target)
    const whole = yield* wholeText(place.settings)
    if (record !== null && whole !== null && digestOf(whole) === record.after) {
      const entries = handlersIn(planOf(whole).plan.value)
        .filter(({ handler }) => isSetupHandler(handler))
        .map(told("removed"))
      if (!place.dry) {
        yield* restore(place, target, whole, record.before)
        yield* removeRecord(place.record, target)
      }
      return { written: true, entries, notes: [] } satisfies ClientEntriesChange
    }
    if (whole === null) return { written: false, entries: [], notes: [] } satisfies ClientEntriesChange
    const { changes, made } = yield* editPlanned(place.settings, place.dry, (plan) =>
      Effect.sync(() => {
        const taken = takeOut(plan, ({ handler }) => isSetupHandler(handler), keptBy(record?.before ?? null))
        return { entries: taken.map(told("removed")), text: plan.text, empty: plan.isBare([]) }
      })
    )
    if (!place.dry) {
      if (changes && made.empty && record?.before === null) yield* restore(place, target, made.text, null)
      if (record !== null) yield* removeRecord(place.record, target)
    }
    return { written: changes, entries: made.entries, notes: [] } satisfies ClientEntriesChange
  }
)

const told =
  (change: EntryChange["change"]) =>
  ({ event, handler }: Pick<HandlerPlace, "event" | "handler">): EntryChange => ({
    event,
    type: handler.type === "http" ? "http" : "command",
    what: text(handler.command) ?? text(handler.url) ?? "",
    change
  })

const handlersOf = ({ http, program }: ClientEntriesWanted, event: string): ReadonlyArray<JsonObject> => {
  const timeout = timeouts[event] === undefined ? {} : { timeout: timeouts[event] }
  return [
    { type: "command", command: `${program} hook run ${event}`, ...timeout },
    ...(http === undefined || withoutRequests.includes(event)
      ? []
      : [{ type: "http", url: `http://127.0.0.1:${http.port}/hooks/${event}`, headers: { Authorization: `Bearer ${http.key}` }, ...timeout }])
  ]
}

const writeEvent = (plan: JsonPlan, event: string, handlers: ReadonlyArray<JsonObject>, matcher: string | null): ReadonlyArray<EntryChange> => {
  const own = () => handlersIn(plan.value).filter((place) => place.event === event && isSetupHandler(place.handler))
  const changes: Array<EntryChange> = []
  for (const handler of handlers) {
    const first = own().find((place) => isHttp(place.handler) === isHttp(handler))
    if (first !== undefined) {
      // One of an older program beside it would have everything run twice.
      const others = takeOut(
        plan,
        (place) => place.event === event && isSetupHandler(place.handler) && isHttp(place.handler) === isHttp(handler) && !isSame(place, first),
        () => true
      )
      changes.push(...others.map(told("removed")))
      const right: JsonObject = isHttp(handler) ? handler : { command: commandBeside(handler, first.handler) }
      const wrong = ["command", "url", "headers"].filter((key) => right[key] !== undefined && canonicalJson(right[key]) !== canonicalJson(first.handler[key]))
      for (const key of wrong) plan.apply({ path: [...pathOf(first), key], value: right[key] })
      const watches = watch(plan, first, matcher)
      changes.push(told(wrong.length === 0 && !watches ? "kept" : "changed")({ event, handler: { ...handler, ...right } }))
      continue
    }
    const beside = own()[0]
    plan.apply(
      beside === undefined
        ? { path: ["hooks", event, array(object(plan.value.hooks)?.[event]).length], value: { ...(matcher === null ? {} : { matcher }), hooks: [handler] } }
        : { path: ["hooks", event, beside.group, "hooks", hooksOf(plan, beside).length], value: handler }
    )
    changes.push(told("added")({ event, handler }))
  }
  return changes
}

/** Adds what its group's matcher lacks. One that lets everything in goes on to do so. */
const watch = (plan: JsonPlan, { event, group }: HandlerPlace, matcher: string | null): boolean => {
  if (matcher === null) return false
  const there = text(object(array(object(plan.value.hooks)?.[event])[group])?.matcher)
  const names = matcher.split("|")
  const before = isForAll(there) ? null : (there?.split("|") ?? null)
  const missing = names.filter((name) => before?.includes(name) !== true)
  if (missing.length === 0) return false
  plan.apply({ path: ["hooks", event, group, "matcher"], value: matcherOf(event, [[...(before ?? []), ...missing], ...(before === null ? [null] : [])]) })
  return true
}

/** With the options that a person has given to the one that is there. */
const commandBeside = (wanted: JsonObject, there: JsonObject): string =>
  [text(wanted.command) ?? "", ...(hanHookCall(there.command)?.words.slice(1) ?? [])].join(" ")

const isHttp = (handler: JsonObject): boolean => handler.type === "http"
const isSame = (a: HandlerPlace, b: HandlerPlace): boolean => a.group === b.group && a.index === b.index
const hooksOf = (plan: JsonPlan, { event, group }: HandlerPlace): ReadonlyArray<unknown> =>
  array(object(array(object(plan.value.hooks)?.[event])[group])?.hooks)

/** Which of the places that han's entries are in were there without them. */
const keptBy =
  (original: string | null) =>
  (names: ReadonlyArray<string>): boolean => {
    if (original === null) return false
    let at: unknown = planOf(original).plan.value
    for (const name of names) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
    return at !== undefined
  }

/** What the file was, or would be by now, if han had never written into it. */
const originalOf = Effect.fnUntraced(function* ({ record: file }: ClientEntriesPlace, target: string, whole: string | null) {
  if (whole === null) return null
  const record = yield* readRecord(file, target)
  return record !== null && record.after === digestOf(whole) ? record.before : withoutEntries(whole, record)
})

const withoutEntries = (whole: string, record: SetupRecord | null): string => {
  const { mark, plan } = planOf(whole)
  const taken = takeOut(plan, ({ handler }) => isSetupHandler(handler), keptBy(record?.before ?? null))
  return taken.length === 0 ? whole : mark + plan.text
}

/** Nothing is kept of a file from which the entries can be taken out to the byte. */
const remember = ({ record }: ClientEntriesPlace, target: string, before: string | null, after: string) =>
  before !== null && withoutEntries(after, null) === before ? removeRecord(record, target) : writeRecord(record, target, { before, after: digestOf(after) })

const targetPath = (file: string): Effect.Effect<string, JsonFileUnwritable> => attempt(file, "found", () => targetOf(file))

const attempt = <A>(file: string, what: string, ask: () => Promise<A>): Effect.Effect<A, JsonFileUnwritable> =>
  Effect.tryPromise({
    try: ask,
    catch: (cause) => {
      const code = errorCode(cause)
      const reason = code === "EACCES" || code === "EPERM" || code === "EROFS" ? "denied" : code === "ENOSPC" || code === "EDQUOT" ? "full" : "failed"
      return new JsonFileUnwritable({ path: file, reason, message: `${file} cannot be ${what} (${code}): check its owner and mode; it is as it was` })
    }
  })

/** Closes the file to other users before there is something in it that they must not see; makes an empty one, and says so, when there is none. */
const closed = (target: string): Effect.Effect<boolean, JsonFileUnwritable> =>
  attempt(target, "closed to other users", async () => {
    const stats = await lstat(target).catch((cause: unknown) => {
      if (errorCode(cause) === "ENOENT") return null
      throw cause
    })
    if (stats !== null) {
      if ((stats.mode & 0o077) !== 0) await chmod(target, 0o600)
      return false
    }
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
    await writeFile(target, "", { mode: 0o600, flag: "wx" })
    return true
  })

/** Puts back what was there, unless the file is no longer what it was when it was read. */
const restore = Effect.fnUntraced(function* (place: ClientEntriesPlace, target: string, now: string, before: string | null) {
  const found = yield* Effect.mapError(
    readWhole(target, 1 << 24),
    ({ message }) => new JsonFileUnwritable({ path: target, reason: "failed", message: `${message}; it is as it was` })
  )
  const busy = new JsonFileUnwritable({ path: target, reason: "busy", message: `${target} was written by another program just now; try again` })
  if (found === null || new TextDecoder("utf-8", { ignoreBOM: true }).decode(found.bytes) !== now) return yield* busy
  const done = yield* attempt(place.settings, "written", () =>
    before === null ? unlink(target).then(() => true) : replaceWhole(target, new TextEncoder().encode(before), found.stats)
  )
  if (!done) return yield* busy
})

const notesOf = (file: string, settings: JsonObject, { http }: ClientEntriesWanted): ReadonlyArray<string> => {
  const urls = settings.allowedHttpHookUrls
  const matches = (pattern: string, url: string) => new RegExp(`^${pattern.replace(/[\\^$.|?+()[\]{}]/g, "\\$&").replaceAll("*", ".*")}$`).test(url)
  const url = http === undefined ? null : `http://127.0.0.1:${http.port}/hooks/Stop`
  return [
    ...(settings.disableAllHooks === true ? [`disableAllHooks is on in ${file}: Claude Code runs none of this until it is taken out`] : []),
    ...(url !== null && Array.isArray(urls) && !urls.some((pattern) => typeof pattern === "string" && matches(pattern, url))
      ? [`allowedHttpHookUrls in ${file} lacks "http://127.0.0.1:${http?.port}/hooks/*": Claude Code sends no requests until it is there; the commands run`]
      : [])
  ]
}
