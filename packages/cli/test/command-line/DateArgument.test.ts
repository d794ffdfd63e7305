import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseDate } from "../../src/command-line/DateArgument.ts"
import { BadUsage } from "../../src/environment/CommandFailed.ts"

const now = Date.parse("2026-11-22T12:00:00Z")
const read = (text: string, options: { readonly utc?: boolean; readonly edge?: "start" | "end" } = {}) =>
  parseDate(text, "--since", { now, utc: options.utc ?? true, edge: options.edge ?? "start" })

describe("dates on the command line", () => {
  it("A date may be a day, an instant or an age", () => {
    expect(read("2026-11-22")).toBe(Date.parse("2026-11-22T00:00:00Z"))
    expect(read("2026-11-22", { edge: "end" })).toBe(Date.parse("2026-11-22T23:59:59.999Z"))
    expect(read("2026-11-22T14:30")).toBe(Date.parse("2026-11-22T14:30:00Z"))
    expect(read("2026-11-22T14:30:01.5Z", { utc: false })).toBe(Date.parse("2026-11-22T14:30:01.500Z"))
    expect(read("2026-11-22T14:30:00+05:30", { utc: false })).toBe(Date.parse("2026-11-22T09:00:00Z"))
    expect(read("7d")).toBe(now - 7 * 86_400_000)
    expect(read("90m")).toBe(now - 90 * 60_000)
    expect(read("24h")).toBe(now - 86_400_000)
    expect(read("2w")).toBe(now - 14 * 86_400_000)
  })

  it("A date means local time without --utc", () => {
    expect(read("2026-03-29", { utc: false })).toBe(new Date(2026, 2, 29).getTime())
    expect(read("2026-03-29", { utc: false, edge: "end" })).toBe(new Date(2026, 2, 30).getTime() - 1)
    expect(read("2026-03-29T05:06:07", { utc: false })).toBe(new Date(2026, 2, 29, 5, 6, 7).getTime())
  })

  it.each([
    "2026-02-30",
    "2026-13-01",
    "22.11.2026",
    "yesterday",
    "7",
    "7y",
    "-7d",
    "2026-11-22T25:00",
    "2026-11-22T10:61",
    "2026-11-22T10:00:00Zoo",
    "",
    "2026-11-22 "
  ])("The date %j is refused", (text) => {
    expect(() => read(text)).toThrow(BadUsage)
    expect(() => read(text)).toThrow("--since")
  })

  it("A date may be what toISOString writes", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date("1970-01-01T00:00:00Z"), max: new Date("2200-01-01T00:00:00Z"), noInvalidDate: true }), fc.boolean(), (date, utc) => {
        expect(read(date.toISOString(), { utc })).toBe(date.getTime())
      })
    )
  })
})
