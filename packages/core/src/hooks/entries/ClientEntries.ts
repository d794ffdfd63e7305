import { unlink } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { errorCode } from "../../files/fileFacts.ts"
import { type JsonFileBroken, type JsonFileUnreadable, JsonFileUnwritable } from "../../files/JsonFile.ts"
import { editPlanned, type JsonPlan, planOf, wholeText } from "../../files/jsonPlan.ts"
import { readWhole, replaceWhole, targetOf } from "../../files/wholeFile.ts"
import { array, canonicalJson, filled, isObject, type JsonObject, object, text } from "../../text/json.ts"
import { laxityOf, laxText } from "../../text/strictJson.ts"
import { coversAt } from "../definition/HookCallers.ts"
import { clientCall, type HandlerPlace, handlersIn, hanHookCall, isSetupHandler, pathOf, takeOut } from "../definition/settingsHookEntries.ts"
import type { ClientHook } from "../Hook.ts"
import { hookEventNames, hookEvents, rowOf, watchesFiles } from "../HookEvents.ts"
import { anyFile, isForAll } from "../HookMatcher.ts"
import { digestOf, readForHooks, readProjects, readRecord, removeRecord, type SetupRecord, writeForHooks, writeProjects, writeRecord } from "./setupRecord.ts"

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
  /** The file in which han keeps the earlier text of a settings file, when that cannot be seen from the present one. */
  readonly record: string
  /** Only say what would be done. */
  readonly dry: boolean
}

export interface ClientEntriesWanted {
  /** That are wanted whatever hooks there are. */
  readonly events: ReadonlyArray<string>
  /** The entries that hooks need beside: by event, the names that a matcher must cover, null for everything. Entries that were written for hooks alone and are not needed any more go. */
  readonly needed?: ReadonlyMap<string, ReadonlyArray<string> | null> | undefined
  /** The program at the start of the command, quoted for a shell. */
  readonly program: string
  /** The projects that need something of `needed`: they are looked at by the next one who writes. */
  readonly projects?: ReadonlyArray<string> | undefined
  /** False: entries that name another program stay as they are. */
  readonly corrects?: boolean | undefined
  /** False: `needed` is not all, and entries that were written for hooks alone stay, for somebody may need them. */
  readonly isWhole?: boolean | undefined
}

/** The changes of a file, in its order. `notes`: what keeps Claude Code from running the entries, in words. */
export interface ClientEntriesChange {
  readonly written: boolean
  readonly entries: ReadonlyArray<EntryChange>
  readonly notes: ReadonlyArray<string>
}

/** The file is broken, or cannot be read or written. It is as it was. */
export type ClientEntriesError = JsonFileBroken | JsonFileUnreadable | JsonFileUnwritable

/** The events whose entries `han setup` always writes. Each entry starts a process every time. */
export const standardEvents: ReadonlyArray<string> = hookEventNames.filter((event) => hookEvents[event].installedBySetup === "always")

/**
 * Has Claude Code call han. Entries that are there already stay as they are, with what a person added to them; those that name another program are corrected, and
 * where there is a command, a request beside it (of an earlier version of han) goes, for the client would wait for both.
 */
export const write: (place: ClientEntriesPlace, wanted: ClientEntriesWanted) => Effect.Effect<ClientEntriesChange, ClientEntriesError> = Effect.fn(
  "ClientEntries.write"
)(function* (place, wanted) {
  const target = yield* targetPath(place.settings)
  const forHooks = yield* readForHooks(place.record, target)
  const { changes, made: entries } = yield* editPlanned(place.settings, place.dry, (plan, whole, mark) =>
    Effect.gen(function* () {
      const before = plan.text
      const { entries, left } = written(plan, wanted, forHooks)
      if (!place.dry && plan.text !== before) yield* remember(place, target, yield* originalOf(place, target, whole), mark + plan.text)
      if (!place.dry && !isSameList(left, forHooks)) yield* writeForHooks(place.record, target, left)
      if (!place.dry) yield* writeProjects(place.record, target, wanted.projects ?? [])
      return { entries, notes: notesOf(place.settings, plan, place.dry ? before : plan.text) }
    })
  )
  return { written: changes, ...entries } satisfies ClientEntriesChange
})

/** The projects that earlier calls of `write` have named for this settings file. */
export const notedProjects = (place: ClientEntriesPlace): Effect.Effect<ReadonlyArray<string>, ClientEntriesError> =>
  Effect.flatMap(targetPath(place.settings), (target) => readProjects(place.record, target))

/** Tells whether the file has entries of `write`, for whichever events. */
export const isThere = (settings: string): Effect.Effect<boolean, JsonFileBroken | JsonFileUnreadable> =>
  Effect.map(wholeText(settings), (whole) => whole !== null && handlersIn(planOf(whole).plan.value).some(({ handler }) => isCommand(handler)))

/** Tells whether an entry is one that `write` puts into this file, or would. */
export const isOwn =
  (settings: string) =>
  (entry: ClientHook): boolean =>
    entry.file === settings && entry.type === "command" && clientCall(entry)?.only === null

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
        yield* writeForHooks(place.record, target, [])
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
      yield* writeForHooks(place.record, target, [])
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

/** The commands that `wanted` asks for, and the events of those that are there for hooks alone. */
const written = (plan: JsonPlan, wanted: ClientEntriesWanted, forHooks: ReadonlyArray<string>) => {
  const needed = wanted.needed ?? new Map<string, ReadonlyArray<string> | null>()
  const events = [...new Set([...wanted.events, ...needed.keys()])]
  const pairs = takeOut(
    plan,
    (place) => isRequest(place.handler) && handlersIn(plan.value).some((one) => one.event === place.event && isCommand(one.handler)),
    isKept
  )
  const there = new Set(handlersIn(plan.value).flatMap(({ event, handler }) => (isCommand(handler) ? [event] : [])))
  const entries = events.flatMap((event) => {
    const timeout = rowOf(event)?.ownTimeout ?? null
    const handler = { type: "command", command: `${wanted.program} hook run ${event}`, ...(timeout === null ? {} : { timeout }) }
    return writeEvent(plan, event, handler, { names: needed.get(event), isForHooks: forHooks.includes(event), corrects: wanted.corrects !== false })
  })
  const unneeded = forHooks.filter((event) => !events.includes(event))
  const idle = wanted.isWhole === false ? [] : unneeded
  const taken = takeOut(
    plan,
    ({ event, handler }) => idle.includes(event) && isCommand(handler),
    () => false
  )
  return {
    entries: [...pairs.map(told("removed")), ...entries, ...taken.map(told("removed"))],
    // What somebody put there, or asked for, is not there for hooks alone.
    left: [
      ...[...needed.keys()].filter((event) => !wanted.events.includes(event) && (forHooks.includes(event) || !there.has(event))),
      ...unneeded.filter((event) => !idle.includes(event))
    ]
  }
}

const isSameList = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean => a.length === b.length && a.every((one, index) => one === b[index])

interface EventWanted {
  /** The names that matchers must cover, null for everything, undefined for whatever is there. */
  readonly names: ReadonlyArray<string> | null | undefined
  readonly isForHooks: boolean
  readonly corrects: boolean
}

const writeEvent = (plan: JsonPlan, event: string, handler: JsonObject, { corrects, isForHooks, names }: EventWanted): ReadonlyArray<EntryChange> => {
  const ofEvent = () => handlersIn(plan.value).filter((place) => place.event === event && isSetupHandler(place.handler))
  const commands = () => ofEvent().filter((place) => isCommand(place.handler))
  const add = (): EntryChange => {
    const matcher = watchesFiles(event) && names !== undefined && names !== null ? { matcher: names.join("|") } : {}
    plan.apply({ path: ["hooks", event, groupsAt(plan, event).length], value: { ...matcher, hooks: [handler] } })
    return told("added")({ event, handler })
  }
  const own = commands()
  const [first] = own
  if (first === undefined) {
    const [request] = ofEvent()
    // A request without a command is somebody's own choice, unless a hook needs more.
    if (request !== undefined && names === undefined) return [told("kept")(request)]
    const taken = takeOut(plan, (place) => place.event === event && isSetupHandler(place.handler), isKept)
    return [...taken.map(told("removed")), add()]
  }
  const isWhole = (place: HandlerPlace): boolean => !watchesFiles(event) && place.handler.if === undefined && coversAt(event, matcherOf(plan, place), null)
  const nameOf = (place: HandlerPlace): string => canonicalJson([matcherOf(plan, place), place.handler])
  const kept = own.find(isWhole) ?? first
  const [keptName, keptMatcher, keptIsWhole, keptCommand] = [nameOf(kept), matcherOf(plan, kept), isWhole(kept), commandBeside(handler, kept.handler)]
  // Another command would have everything run twice. One for other tools is another entry, and Claude Code runs the same command once.
  const isIdle = (place: HandlerPlace): boolean =>
    place.event === event &&
    isCommand(place.handler) &&
    (nameOf(place) === keptName
      ? commands().findIndex((one) => nameOf(one) === keptName) !== commands().findIndex((one) => isSame(one, place))
      : (keptIsWhole && commandBeside(handler, place.handler) !== keptCommand) || (matcherOf(plan, place) === keptMatcher && place.handler.if === undefined))
  const changes = takeOut(plan, isIdle, isKept).map(told("removed"))
  for (const place of commands()) {
    const command = corrects ? commandBeside(handler, place.handler) : (text(place.handler.command) ?? "")
    const isRight = command === place.handler.command
    if (!isRight) plan.apply({ path: [...pathOf(place), "command"], value: command })
    changes.push(told(isRight ? "kept" : "changed")({ event, handler: { ...handler, command } }))
  }
  if (watchesFiles(event) && names !== undefined && names !== null) return [...changes, ...watch(plan, commands(), names, isForHooks, add)]
  const open = commands().filter((place) => place.handler.if === undefined)
  const isCovered = names === undefined || (names ?? [null]).every((name) => open.some((place) => coversAt(event, matcherOf(plan, place), name)))
  return isCovered ? changes : [...changes, add()]
}

/** Has Claude Code watch these files: what a person named beside them stays. */
const watch = (
  plan: JsonPlan,
  own: ReadonlyArray<HandlerPlace>,
  names: ReadonlyArray<string>,
  isForHooks: boolean,
  add: () => EntryChange
): ReadonlyArray<EntryChange> => {
  const open = own.filter((place) => place.handler.if === undefined)
  const named = open.flatMap((place) => (matcherOf(plan, place) ?? "").split("|").flatMap((name) => (name.trim() === "" ? [] : [name.trim()])))
  const isRight = isForHooks ? named.join("|") === names.join("|") : names.every((name) => named.includes(name))
  if (isRight) return []
  const alone = open.find((place) => handlersIn(plan.value).filter((one) => one.event === place.event && one.group === place.group).length === 1)
  if (alone === undefined) return [add()]
  const there = matcherOf(plan, alone)
  // Somebody's own entry that is for whatever others have watched stays for it.
  const mine = isForHooks
    ? names
    : isForAll(there)
      ? [...names, anyFile]
      : [...new Set([...(there ?? "").split("|").filter((name) => name.trim() !== ""), ...names])]
  plan.apply({ path: ["hooks", alone.event, alone.group, "matcher"], value: mine.join("|") })
  return [told("changed")(alone)]
}

const isKept = (): boolean => true
const groupsAt = (plan: JsonPlan, event: string): ReadonlyArray<unknown> => array(object(plan.value.hooks)?.[event])
const matcherOf = (plan: JsonPlan, { event, group }: HandlerPlace): string | null => filled(object(groupsAt(plan, event)[group])?.matcher)

/** Adds the options that a person has given to the command that is there. */
const commandBeside = (wanted: JsonObject, there: JsonObject): string =>
  [text(wanted.command) ?? "", ...(hanHookCall(there.command)?.words.slice(1) ?? [])].join(" ")

const isRequest = (handler: JsonObject): boolean => handler.type === "http" && isSetupHandler(handler)
const isCommand = (handler: JsonObject): boolean => handler.type !== "http" && isSetupHandler(handler)
const isSame = (a: HandlerPlace, b: HandlerPlace): boolean => a.group === b.group && a.index === b.index

/** Tells of a place that han's entries are in if it was there without them. */
const keptBy =
  (original: string | null) =>
  (names: ReadonlyArray<string>): boolean => {
    if (original === null) return false
    let at: unknown = planOf(original).plan.value
    for (const name of names) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
    return at !== undefined
  }

/** Finds the text that the file would have by now if han had never written into it. */
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

/** `now`: what stands in the file. */
const notesOf = (file: string, plan: JsonPlan, now: string): ReadonlyArray<string> => {
  const laxity = laxityOf(now)
  return [
    ...(laxity === null ? [] : [laxText(file, laxity)]),
    ...(plan.value.disableAllHooks === true ? [`disableAllHooks is on in ${file}: Claude Code runs none of this until it is taken out`] : [])
  ]
}
