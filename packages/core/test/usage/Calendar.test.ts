import { describe, expect, it } from "vitest"
import { addDays, dayIn, labelOf, monthOf, startOf, weekOf } from "../../src/usage/Calendar.ts"

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  "Pacific/Kiritimati",
  // Clocks go forward at midnight there.
  "America/Havana",
  "America/Santiago",
  "Asia/Beirut",
  "Africa/Cairo"
]

describe("a day", () => {
  it.each(zones)("A day begins in %s with its first instant, also when clocks change", (timeZone) => {
    const lengths = new Set<number>()
    for (let day = "2025-12-30"; day < "2027-01-03"; day = addDays(day, 1)) {
      const start = startOf(timeZone, day)
      expect([day, dayIn(timeZone, start), dayIn(timeZone, start - 1)]).toEqual([day, day, addDays(day, -1)])
      lengths.add((startOf(timeZone, addDays(day, 1)) - start) / 3_600_000)
    }
    for (const hours of lengths) expect([23, 23.5, 24, 24.5, 25]).toContain(hours)
  })

  it("A day belongs to a week from Monday and to a month", () => {
    expect(["2026-03-02", "2026-03-08", "2026-03-09", "2027-01-01"].map(weekOf)).toEqual(["2026-03-02", "2026-03-02", "2026-03-09", "2026-12-28"])
    expect(monthOf("2026-03-31")).toBe("2026-03-01")
    expect([addDays("2026-02-28", 1), addDays("2028-02-28", 1), addDays("2026-01-01", -1)]).toEqual(["2026-03-01", "2028-02-29", "2025-12-31"])
    expect(labelOf("2026-03-02")).toBe("Mar 2")
  })
})
