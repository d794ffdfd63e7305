import type { SessionEventOf, Surcharge } from "../../journal/SessionEvent.ts"
import { count, filled, isObject, type JsonObject, object, tokenCount } from "../../text/json.ts"
import type { Line } from "../decodedLine.ts"
import { ledgerTokens, type TokenCounters } from "../Harness.ts"

/** The input is what was neither read from the cache nor written to it; the output has the thoughts. */
export const claudeCounters: TokenCounters = { input: [], output: ["reasoning"] }

interface Ids {
  readonly messageId: string | null
  readonly requestId: string | null
  readonly model: string
}
type Metered = SessionEventOf<"ResponseMetered">
type Tokens = Pick<Metered, "input" | "output" | "cacheRead" | "cacheWrite5m" | "cacheWrite1h">
interface Counted {
  readonly tokens: Tokens
  readonly impossible: ReadonlyArray<string>
}

/** Adds the charges that a record of usage states: of the response itself, and of other models and steps within it. Adds nothing for a record without tokens. */
export const addUsage = (line: Line, ids: Ids, usage: JsonObject): void => {
  if (usage.input_tokens == null && usage.output_tokens == null) return
  const { events, record } = line
  const top = counted(usage)
  const surcharges = surchargesOf(usage)
  const searches = count(object(usage.server_tool_use)?.web_search_requests)
  if (!Array.isArray(usage.iterations) || usage.iterations.length === 0) {
    events.push(metered(line, ids, 0, ids.model, top, surcharges, searches))
    return
  }
  const parts = partsOf(ids.model, top.tokens, usage.iterations, filled(record.advisorModel))
  events.push(metered(line, ids, 0, ids.model, { ...top, tokens: without(top.tokens, parts.within) }, surcharges, searches))
  const ofParts = surcharges.filter(({ kind }) => kind !== "tool")
  for (const [index, { model, of }] of parts.charged.entries()) events.push(metered(line, ids, index + 1, model, of, ofParts, 0))
}

const metered = (
  { record }: Line,
  { messageId, requestId }: Ids,
  part: number,
  model: string,
  { impossible, tokens }: Counted,
  surcharges: ReadonlyArray<Surcharge>,
  webSearches: number
): Metered => ({
  _tag: "ResponseMetered",
  messageId,
  requestId,
  requestRef: filled(record.requestRef),
  originUuid: record.forkedFrom === undefined ? null : filled(object(record.forkedFrom)?.messageUuid),
  part,
  model,
  input: tokens.input,
  output: tokens.output,
  cacheRead: tokens.cacheRead,
  cacheWrite5m: tokens.cacheWrite5m,
  cacheWrite1h: tokens.cacheWrite1h,
  webSearches,
  surcharges,
  impossible,
  statedCostNanoUsd: null
})

const fields = ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"] as const
const noneImpossible: ReadonlyArray<string> = []

const counted = (usage: JsonObject): Counted => {
  const split = object(usage.cache_creation)
  const hour = tokenCount(split?.ephemeral_1h_input_tokens),
    minutes = tokenCount(split?.ephemeral_5m_input_tokens)
  const input = tokenCount(usage.input_tokens),
    output = tokenCount(usage.output_tokens),
    cacheRead = tokenCount(usage.cache_read_input_tokens),
    written = tokenCount(usage.cache_creation_input_tokens)
  const broken = input === null || output === null || cacheRead === null || written === null || hour === null || minutes === null
  return {
    tokens: {
      ...ledgerTokens(claudeCounters, { input: input ?? 0, output: output ?? 0, cacheRead: cacheRead ?? 0, cacheWrite: written ?? 0, reasoning: 0 }),
      cacheRead: cacheRead ?? 0,
      // Tokens that neither lifetime claims were written with the default one.
      cacheWrite5m: (minutes ?? 0) + Math.max(0, (written ?? 0) - (minutes ?? 0) - (hour ?? 0)),
      cacheWrite1h: hour ?? 0
    },
    impossible: !broken
      ? noneImpossible
      : [
          ...fields.filter((field) => tokenCount(usage[field]) === null),
          ...(minutes === null ? ["ephemeral_5m_input_tokens"] : []),
          ...(hour === null ? ["ephemeral_1h_input_tokens"] : [])
        ]
  }
}

interface Parts {
  readonly charged: ReadonlyArray<{ readonly model: string; readonly of: Counted }>
  /** Tokens of `charged` that the figures at the top hold, too. */
  readonly within: Tokens
}
const noTokens: Tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 }
const noParts: Parts = { charged: [], within: noTokens }

/**
 * Steps of the response that are charged by themselves. The figures at the top are those of the model's own messages; an adviser's, a compaction's and other steps stand in
 * `iterations` alone. Where the top is the sum of all steps, it holds them, and they are taken out of it.
 */
const partsOf = (model: string, top: Tokens, iterations: ReadonlyArray<unknown>, advisor: string | null): Parts => {
  const steps = iterations.filter(isObject).map((step) => {
    const type = filled(step.type) ?? "message"
    const named = filled(step.model) ?? (type.startsWith("advisor") ? (advisor ?? model) : model)
    return { own: type === "message" && named === model, model: named, of: counted(step) }
  })
  const charged = steps.filter(({ of, own }) => !own && (of.impossible.length > 0 || total(of.tokens) > 0))
  if (charged.length === 0) return noParts
  const all = sum(steps.map(({ of }) => of.tokens))
  const within = steps.length > charged.length && keys.every((key) => all[key] === top[key])
  return { charged, within: within ? sum(charged.map(({ of }) => of.tokens)) : noTokens }
}

const keys = ["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"] as const
const total = (of: Tokens): number => keys.reduce((so, key) => so + of[key], 0)
const combined = (a: Tokens, b: Tokens, sign: 1 | -1): Tokens => ({
  input: a.input + sign * b.input,
  output: a.output + sign * b.output,
  cacheRead: a.cacheRead + sign * b.cacheRead,
  cacheWrite5m: a.cacheWrite5m + sign * b.cacheWrite5m,
  cacheWrite1h: a.cacheWrite1h + sign * b.cacheWrite1h
})
const sum = (list: ReadonlyArray<Tokens>): Tokens => list.reduce((so, one) => combined(so, one, 1), noTokens)
const without = (of: Tokens, part: Tokens): Tokens => (part === noTokens ? of : combined(of, part, -1))

const noSurcharges: ReadonlyArray<Surcharge> = []
/** Tools of the vendor that cost nothing but their tokens, or are counted by themselves. */
const freeTools = new Set(["web_search_requests", "web_fetch_requests"])
/** Regions that are none in particular. */
const anywhere = new Set(["global", "not_available"])

const surchargesOf = (usage: JsonObject): ReadonlyArray<Surcharge> => {
  const tier = filled(usage.service_tier),
    speed = filled(usage.speed),
    region = filled(usage.inference_geo)
  const tools = object(usage.server_tool_use)
  const found: Array<Surcharge> = []
  if (tier !== null && tier !== "standard") found.push({ kind: "tier", name: tier })
  if (speed !== null && speed !== "standard") found.push({ kind: "speed", name: speed })
  if (region !== null && !anywhere.has(region)) found.push({ kind: "region", name: region })
  for (const tool in tools) if (!freeTools.has(tool) && count(tools[tool]) > 0) found.push({ kind: "tool", name: tool.replace(/_requests$/, "") })
  return found.length === 0 ? noSurcharges : found
}
