import type { ClientHook, Hook } from "../Hook.ts"
import { refusalOf, rowOf, watchesFiles } from "../HookEvents.ts"
import { anyFile, common, isForAll, isOfTools, matchedField, matches } from "../HookMatcher.ts"
import type { HookList } from "../Hooks.ts"
import { isOf } from "./hookGraph.ts"
import { clientCall } from "./settingsHookEntries.ts"

/** The calls that Claude Code makes for a hook at one of its events. */
export interface HookCalled {
  readonly event: string
  /** The entries that do, for some of what the hook waits for or for all of it. */
  readonly by: ReadonlyArray<ClientHook>
  /** Null when han is called for all that the hook waits for; else why it is not, and what changes that. */
  readonly lack: HookLack | null
}

export interface HookLack {
  /** A sentence without its end. */
  readonly why: string
  /** Begins with a verb. */
  readonly mend: string
  /** `han setup` mends it. */
  readonly isSetups: boolean
}

/** A project's hooks, and the entries that hold in it. */
export type HookSituation = Pick<HookList, "client" | "clientHooks" | "hooks">

/**
 * Tells of each event of a hook by which entries Claude Code calls han for it, whether the hook is trusted or not. Entries count as the client reads them: by
 * their matchers, not in files that it leaves out, and none where all are switched off.
 */
export const calledOf = (hook: Hook, situation: HookSituation): ReadonlyArray<HookCalled> =>
  [...new Set(hook.triggers.map(({ event }) => event))].map((event) => {
    const { client } = situation
    const calls = situation.clientHooks.filter((entry) => entry.event === event && isCallFor(entry, hook))
    const names = namesAt(hook, event)
    const off = whyOff(client) ?? (names?.length === 0 ? whyNever(hook, event, names) : null)
    if (off !== null) return { event, by: [], lack: off }
    const by = calls.filter((entry) => whyNotCounted(entry, hook, situation) === null && (names ?? [null]).some((name) => covers(entry, name)))
    const missed = (names ?? [null]).filter((name) => !by.some((entry) => covers(entry, name)))
    return { event, by, lack: missed.length === 0 ? null : (whyNever(hook, event, names) ?? lackOf(hook, situation, { event, calls, by, missed })) }
  })

interface Missed {
  readonly event: string
  /** The entries that call han for this hook, if they count. */
  readonly calls: ReadonlyArray<ClientHook>
  readonly by: ReadonlyArray<ClientHook>
  /** The names that none of `by` is for; null for everything. */
  readonly missed: ReadonlyArray<string | null>
}

const lackOf = (hook: Hook, situation: HookSituation, { by, calls, event, missed }: Missed): HookLack => {
  const { ignored, managedOnlyBy } = situation.client
  if (managedOnlyBy !== null) {
    const why = `${managedOnlyBy} has allowManagedHooksOnly, and no managed entry calls han at ${event}`
    return { why, mend: "an administrator can add one", isSetups: false }
  }
  const nearly = calls.find((entry) => !by.includes(entry))
  const reason = nearly === undefined ? null : whyNotCounted(nearly, hook, situation)
  if (nearly !== undefined && ignored.some(({ path }) => path === nearly.file)) {
    const why = `the entry for it is in ${nearly.file}, which Claude Code leaves out`
    // Somebody else's file need not be corrected for that.
    return nearly.plugin !== null || nearly.scope !== "user"
      ? { why, mend: "`han setup` adds one to your own settings", isSetups: true }
      : { why, mend: `correct ${nearly.file}`, isSetups: false }
  }
  const narrow = [...by, ...calls].find((entry) => !isForAll(entry.matcher))
  const why =
    nearly !== undefined && reason !== null
      ? `the entry for ${event} in ${nearly.file} ${reason}`
      : narrow !== undefined
        ? `the entry for ${event} in ${narrow.file} is for ${narrow.matcher}${missed.includes(null) ? " alone" : `, not for ${missed.join(", ")}`}`
        : calls.length > 0
          ? `no entry for ${event} names ${missed.join(", ")}, and Claude Code watches only what is named`
          : "no entry of Claude Code calls han there"
  const isOnlyIfAsked = rowOf(event)?.installedBySetup === "asked"
  const first = ignored.length === 0 ? "" : `, once ${[...new Set(ignored.map(({ path }) => path))].join(", ")} is corrected`
  return { why, mend: `\`han setup${isOnlyIfAsked ? ` --event ${event}` : ""}\` adds what is missing${first}`, isSetups: !isOnlyIfAsked }
}

/** Tells whether Claude Code takes an entry from its file at all. */
export const isTaken = ({ disabledBy, ignored, managedOnlyBy }: HookSituation["client"], { file, scope }: Pick<ClientHook, "file" | "scope">): boolean =>
  disabledBy === null && !ignored.some(({ path }) => path === file) && (managedOnlyBy === null || scope === "managed")

/** The entries by which Claude Code calls han in a project, for all hooks or for one. */
export const callingEntries = ({ client, clientHooks }: Pick<HookSituation, "client" | "clientHooks">): ReadonlyArray<ClientHook> =>
  clientHooks.filter((entry) => clientCall(entry) !== null && isTaken(client, entry))

/** The hooks that are on and trusted, and that wait in vain: a sentence for each reason, with what to do about it. */
export const waitingInVain = (
  situation: HookSituation,
  { except, of = () => true }: { readonly of?: (hook: Hook) => boolean; readonly except?: string } = {}
): ReadonlyArray<string> => {
  const groups = new Map<string, { readonly lack: HookLack; readonly hooks: Map<string, Set<string>> }>()
  for (const hook of situation.hooks.filter((one) => mayRun(one) && of(one))) {
    for (const { event, lack } of calledOf(hook, situation)) {
      if (lack === null || event === except) continue
      const key = JSON.stringify(lack)
      const group = groups.get(key) ?? { lack, hooks: new Map<string, Set<string>>() }
      groups.set(key, group)
      group.hooks.set(hook.id, (group.hooks.get(hook.id) ?? new Set()).add(event))
    }
  }
  return [...groups.values()].map(({ hooks, lack }) => {
    const named = [...hooks].map(([id, events]) => `${id} (${[...events].join(", ")})`).join(", ")
    return `nobody calls ${named}: ${lack.why}; ${lack.mend}`
  })
}

/**
 * Finds the entries that the user's settings must have so that han is called for every hook that is on and trusted: by event, the names that matchers must cover, null for
 * everything. Entries that `mine` are taken for absent.
 */
export const neededAt = (situation: HookSituation, mine: (entry: ClientHook) => boolean): ReadonlyMap<string, ReadonlyArray<string> | null> => {
  const needed = new Map<string, ReadonlyArray<string> | null>()
  const without = {
    ...situation,
    client: { ...situation.client, disabledBy: null, managedOnlyBy: null },
    clientHooks: situation.clientHooks.filter((entry) => !mine(entry))
  }
  for (const hook of situation.hooks.filter(mayRun)) {
    for (const { event, lack } of calledOf(hook, without)) {
      const named = namesAt(hook, event)
      // One that names no file is for those that others have watched.
      const names = watchesFiles(event) && named === null ? [anyFile] : named
      if (lack === null || (!lack.isSetups && names === named)) continue
      const before = needed.get(event)
      needed.set(event, before === null || names === null ? null : [...new Set([...(before ?? []), ...names])])
    }
  }
  return needed
}

/** Entries that call han for all hooks of the same event, so that it is called several times for one thing that happens. */
export interface DoubleCall {
  readonly event: string
  readonly entries: ReadonlyArray<Pick<ClientHook, "file" | "what">>
}

/** Claude Code runs the same command once, however many entries have it: that is none. */
export const doubleCalls = (
  entries: ReadonlyArray<Pick<ClientHook, "args" | "condition" | "event" | "file" | "matcher" | "type" | "what">>,
  ignored: ReadonlyArray<{ readonly path: string }> = []
): ReadonlyArray<DoubleCall> => {
  const calls = entries.filter((entry) => clientCall(entry)?.only === null && entry.condition === null && !ignored.some(({ path }) => path === entry.file))
  return [...new Set(calls.map(({ event }) => event))].flatMap((event) => {
    const mine = calls.filter((entry) => entry.event === event)
    const same = (a: (typeof mine)[number], b: (typeof mine)[number]) =>
      a.type === b.type && a.what === b.what && JSON.stringify(a.args) === JSON.stringify(b.args)
    const several = mine.filter((one) => mine.some((other) => other !== one && !same(one, other) && meet(event, one.matcher, other.matcher)))
    const distinct = several.filter((one, index) => several.findIndex((other) => same(one, other)) === index)
    return distinct.length < 2 ? [] : [{ event, entries: distinct }]
  })
}

/** Says it in words. */
export const doubleText = ({ entries, event }: DoubleCall): string =>
  `${entries.length} entries call han at ${event}: ${entries.map(({ file, what }) => `\`${what}\` of ${file}`).join(", ")}. One is enough: each starts a program every time`

/** Tells whether han would run a hook, once called. */
export const mayRun = ({ enabled, trust }: Hook): boolean => enabled && trust.state === "trusted"

/** Names what an entry's matcher must cover for a hook at an event; null where it must be for everything. */
const namesAt = (hook: Hook, event: string): ReadonlyArray<string> | null => {
  if (matchedField(event) === null) return null
  const triggers = hook.triggers.filter((trigger) => trigger.event === event)
  const said = triggers.some(({ values }) => values === null) ? null : triggers.flatMap(({ values }) => values ?? [])
  if (watchesFiles(event)) return said === null ? null : [...new Set(said.map((name) => name.split("/").at(-1) ?? name))]
  const { toolFilter } = hook
  if (!isOfTools(event) || toolFilter === null || said === null) return isOfTools(event) ? (said ?? toolFilter) : said
  return common(event, said, toolFilter)
}

/** Tells whether an entry with this matcher is for what a name stands for; `null` is everything. */
export const coversAt = (event: string, matcher: string | null, name: string | null): boolean =>
  watchesFiles(event) ? name === null || (!isForAll(matcher) && namesIn(matcher).includes(name)) : matches(event, matcher, name)

const namesIn = (matcher: string | null): ReadonlyArray<string> => (matcher ?? "").split("|").map((name) => name.trim())

const covers = ({ event, matcher }: ClientHook, name: string | null): boolean => coversAt(event, matcher, name)

const isCallFor = (entry: ClientHook, hook: Hook): boolean => {
  const call = clientCall(entry)
  return call !== null && (call.only === null || (call.only.hook === hook.name && isOf(hook, call.only.plugin)))
}

const whyOff = ({ disabledBy }: HookSituation["client"]): HookLack | null =>
  disabledBy === null ? null : { why: `disableAllHooks is on in ${disabledBy}: Claude Code runs no hooks at all`, mend: "take it out there", isSetups: false }

const whyNever = (hook: Hook, event: string, names: ReadonlyArray<string> | null): HookLack | null => {
  const never = (why: string, mend: string): HookLack => ({ why, mend: `${mend} in ${hook.file}`, isSetups: false })
  const refusal = refusalOf(event)
  if (refusal !== null) return never(refusal, "name another event")
  if (watchesFiles(event) && names === null) return never("it names no file, and Claude Code watches only what is named", `write ${event}:NAME`)
  if (names?.length === 0) return never("its tool_filter leaves none of the tools that it waits for", "correct that")
  return null
}

/** Says why an entry does not stand for a call of this hook; null when it does, as far as its matcher goes. */
const whyNotCounted = (entry: ClientHook, hook: Hook, { client, hooks }: HookSituation): string | null => {
  const ignored = client.ignored.find(({ path }) => path === entry.file)
  if (ignored !== undefined) return ignored.message
  if (client.managedOnlyBy !== null && entry.scope !== "managed") return "is not of the managed settings"
  if (entry.condition !== null) return `counts only if ${entry.condition}`
  if (entry.async && entry.plugin !== null && entry.plugin !== `${hook.plugin}@${hook.marketplace}`) return `is async, and ${entry.plugin}'s`
  if (entry.type !== "http") return null
  if (rowOf(entry.event)?.http === false) return "is a request, which Claude Code does not send there"
  // Nobody knows there what a hook's own variables are, and han then leaves all of it to a command.
  const declaring = hooks.find((one) => mayRun(one) && one.environment.length > 0 && one.triggers.some(({ event }) => event === entry.event))
  return declaring === undefined ? null : `is a request, which has none of the variables that ${declaring.id} needs`
}

/** Tells whether both matchers may be for the same thing. */
const meet = (event: string, a: string | null, b: string | null): boolean => {
  if (matchedField(event) === null || isForAll(a) || isForAll(b) || a === b) return true
  const names = (matcher: string | null) => (matcher ?? "").split(/[|,]/).map((name) => name.trim())
  return names(a).some((name) => matches(event, b, name)) || names(b).some((name) => matches(event, a, name))
}
