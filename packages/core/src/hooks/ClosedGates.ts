import { isHookEvent } from "./HookEvents.ts"
import { isMeant, standsFor } from "./HookMatcher.ts"

/**
 * The gates of which the agent is blocked while nobody runs them (`on_error: closed`), as they stand in a file for programs that find nobody. Loads nothing but the
 * table of events: it is for programs that an agent waits for.
 */
export interface ClosedGate {
  readonly event: string
  /** The values that the event must be about, as `triggerIn` gives them; null for anything. */
  readonly values: ReadonlyArray<string> | null
  /** The only tools that it is for at all; null for all. */
  readonly filter: ReadonlyArray<string> | null
  /** `plugin@marketplace/hook`; empty in a file of an earlier release. */
  readonly hook: string
  /** The files that define the gate or switch it on. While one of them has an error the gate stays noted. */
  readonly files: ReadonlyArray<string>
}

/** The gates of one project and one configuration folder; what makes no sense is left out. A text is an event, with all its tools: earlier releases knew no more. */
export const gatesIn = (noted: unknown): ReadonlyArray<ClosedGate> =>
  listOf(noted).flatMap((one) => {
    if (typeof one === "string") return [{ event: one, values: null, filter: null, hook: "", files: [] }]
    if (!isRecord(one) || typeof one["event"] !== "string") return []
    const hook = one["hook"]
    return [
      {
        event: one["event"],
        values: one["values"] === null ? null : textsOf(one["values"]),
        filter: one["filter"] === null ? null : textsOf(one["filter"]),
        hook: typeof hook === "string" ? hook : "",
        files: textsOf(one["files"])
      }
    ]
  })

/** An event that a gate may guard; null for what nobody knows. `value`: what the event is about, as `matchedValue` gives it. */
export interface Guarded {
  readonly event: string | null
  readonly value: string | null
  readonly tool: string | null
}

/** Tells whether the gate guards this. An event, a value or a tool that nobody said is any. At an event without a row in `HookEvents` no gate blocks. */
export const guards = ({ event: at, filter, values }: ClosedGate, { event, tool, value }: Guarded): boolean =>
  (event === null || (event === at && isHookEvent(event) && isMeant({ event: at, values }, value))) &&
  (tool === null || filter === null || filter.some((name) => standsFor(at, name, tool)))

const isRecord = (value: unknown): value is { readonly [name: string]: unknown } => typeof value === "object" && value !== null
const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])
const textsOf = (value: unknown): ReadonlyArray<string> => listOf(value).flatMap((one) => (typeof one === "string" ? [one] : []))
