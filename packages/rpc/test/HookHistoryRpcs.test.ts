import * as Schema from "effect/Schema"
import { HookHistoryRpcs } from "han-rpc/HookHistoryRpcs"
import { expect, it } from "vitest"

it("a question for runs of hooks has a limit within its bounds", () => {
  const payload = HookHistoryRpcs.requests.get("HookHistory.runs")?.payloadSchema
  const accepts = (limit: unknown) => payload !== undefined && Schema.is(payload)({ filter: { limit } })
  expect([1, 10_000, 0, 10_001, 1.5, "1"].map(accepts)).toEqual([true, true, false, false, false, false])
})
