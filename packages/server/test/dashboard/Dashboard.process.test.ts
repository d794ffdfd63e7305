import { AxeBuilder } from "@axe-core/playwright"
import { describe, expect, it } from "vitest"
import { runs } from "../../../../test/runs.ts"
import { id } from "../coordinators.ts"
import { answer, dashboard, prompt, put, result, type Seen, text, use } from "./browser.ts"

const fixing = id(1)
const hostile = id(2)
const long = id(3)
const live = id(4)
/** A session of the samples with subagents. */
const parent = "6f98be24-c350-4312-9c8d-ea91b7333a1d"

const attack = `<script>window.broken = true</script><img src="https://elsewhere.example/p.png" onerror="window.broken = true">
[a link](javascript:window.broken=true) ![a picture](https://elsewhere.example/q.png) <svg onload="window.broken=true"></svg> \u202Egnp.exe`

const served = dashboard((here) => {
  put(here, fixing, [
    prompt("Fix the total of the basket"),
    answer("f1", [
      { type: "thinking", thinking: "It rounds too early.", signature: "s" },
      text("I run the **tests** first."),
      use("t1", "Bash", { command: "npm test" })
    ]),
    result("t1", "\u001b[31m1 failed\u001b[39m, 2 passed", true),
    answer("f2", [use("t2", "Edit", { file_path: "/work/place/total.ts", old_string: "a\nround(b)\nc", new_string: "a\nb\nc" })]),
    result("t2", "The file has been updated."),
    answer("f3", [text("The total is right now.")])
  ])
  put(here, hostile, [
    prompt(attack),
    answer("h1", [text(attack), use("h-t", "Bash", { command: attack })]),
    result("h-t", `${attack}\n${"\u001b[31mx\u001b[32my".repeat(20_000)}\n${"z".repeat(300_000)}`),
    answer("h2", [text("שלום <b>world</b>")])
  ])
  put(here, long, [...Array.from({ length: 700 }, (_, index) => [prompt(`Question ${index}`), answer(`l${index}`, [text(`Answer ${index}`)])]).flat()])
  put(here, live, [prompt("Are you there?"), answer("v1", [text("I am.")])])
})

const shows = async ({ page }: Seen, ...words: ReadonlyArray<string>) => {
  for (const word of words) await page.getByText(word).first().waitFor()
}

/** Every page, with words that only its data brings. */
const pages: ReadonlyArray<readonly [path: string, ...words: ReadonlyArray<string>]> = [
  ["/", "Fix the total of the basket", "waiting for you"],
  [`/s/${fixing}`, "The total is right now.", "round(b)", "1 failed"],
  [`/s/${fixing}?tab=files`, "total.ts"],
  [`/s/${parent}?tab=agents`, "Subagent"],
  ["/search?q=basket", "Fix the total of the"],
  ["/usage", "opus 4.5", "By model"],
  ["/gates", "No gate has run yet"],
  ["/projects", "/work/place"],
  ["/sync", "Nothing is sent anywhere"],
  ["/settings", "Folders that are followed"]
]

describe("the dashboard", () => {
  it("Every page shows its data, asks no other host, and breaks no policy", async () => {
    const seen = await served().open()
    for (const [path, ...words] of pages) {
      await seen.page.goto(`${seen.base}${path}`)
      await shows(seen, ...words)
    }
    const hosts = new Set(seen.requests.map((request) => new URL(request).host))
    expect([...hosts]).toEqual([new URL(seen.base).host])
    expect(seen.complaints).toEqual([])
  })

  it("Every page is free of faults that axe knows, in both themes and at every width", async () => {
    // The colours are all that a theme changes, and the rules about them take the least time.
    const looks = [
      { look: { width: 1600, dark: false }, rules: undefined },
      { look: { width: 360, dark: true }, rules: ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"] }
    ]
    const more = [
      { look: { width: 360, dark: true }, rules: undefined },
      { look: { width: 1600, dark: true }, rules: undefined },
      { look: { width: 1024, dark: false }, rules: undefined },
      { look: { width: 1024, dark: true }, rules: undefined },
      { look: { width: 360, dark: false }, rules: undefined }
    ]
    const told: Array<unknown> = []
    for (const { look, rules } of [...looks, ...more.slice(0, runs(more.length, 0))]) {
      const seen = await served().open(look)
      for (const [path, ...words] of pages) {
        await seen.page.goto(`${seen.base}${path}`)
        for (const word of words.slice(0, 1)) await seen.page.getByText(word).first().waitFor({ state: "attached" })
        const axe = new AxeBuilder({ page: seen.page }).setLegacyMode(true)
        const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze()
        for (const { id, nodes } of violations)
          told.push([look, path, id, ...nodes.slice(0, 3).flatMap(({ failureSummary, html }) => [html.slice(0, 200), failureSummary])])
      }
      await seen.page.context().close()
    }
    expect(told).toEqual([])
  })

  it("A session nests results in their calls, folds thoughts, and colours what programs print", async () => {
    const seen = await served().open()
    await seen.page.goto(`${seen.base}/s/${fixing}`)
    await shows(seen, "The total is right now.")
    expect(await seen.page.getByText("It rounds too early.").count()).toBe(0)
    await seen.page.getByRole("button", { name: /Thought/ }).click()
    await shows(seen, "It rounds too early.")
    const failed = seen.page.getByText("1 failed", { exact: true })
    expect(await failed.evaluate((element) => getComputedStyle(element).color)).not.toBe(
      await failed.evaluate((element) => getComputedStyle(element.parentElement ?? element).color)
    )
    // Shown within the call, and nowhere else.
    expect(await failed.count()).toBe(1)
    expect(await seen.page.locator("tr[data-kind=removed]").count()).toBe(1)
    expect(await seen.page.locator("tr[data-kind=added]").count()).toBe(1)
    // The worker has read the grammar of the file's language, and the policy of the page has let it.
    await seen.page.locator("tr[data-kind=removed] span[class]", { hasText: "round" }).waitFor()
    expect(seen.complaints).toEqual([])
  })

  it("Hostile text is shown as text, clipped, and never run or fetched", async () => {
    const seen = await served().open()
    await seen.page.goto(`${seen.base}/s/${hostile}`)
    await shows(seen, "שלום <b>world</b>", "a link")
    await seen.page.goto(`${seen.base}/search?q=broken`)
    await seen.page.getByText("window.broken").first().waitFor()
    await seen.page.goto(`${seen.base}/`)
    await seen.page.getByText("window.broken").first().waitFor()
    await seen.page.goto(`${seen.base}/s/${hostile}`)
    await shows(seen, "a link")
    expect(await seen.page.evaluate(() => "broken" in window)).toBe(false)
    expect(await seen.page.locator("a[href^='javascript']").count()).toBe(0)
    expect(await seen.page.locator("article img, article script, article svg").count()).toBe(0)
    expect(await seen.page.locator("article").count()).toBeGreaterThan(1)
    expect(await seen.page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(6000)
    expect(seen.requests.filter((request) => request.includes("elsewhere"))).toEqual([])
    expect(seen.complaints).toEqual([])
  })

  it("A line that is written appears by itself, at the end, and on the list", async () => {
    const { here } = served()
    const [list, seen] = [await served().open(), await served().open()]
    await list.page.goto(`${list.base}/`)
    await seen.page.goto(`${seen.base}/s/${live}`)
    await shows(seen, "I am.", "live")
    await shows(list, "Are you there?", "live")
    put(here, live, [prompt("Then count to three"), answer("v2", [text("One, two, three."), use("v-t", "Bash", { command: "seq 3" })])], { from: 2 })
    await shows(seen, "One, two, three.", "no result yet")
    put(here, live, [result("v-t", "1\n2\n3 is the end")], { from: 4 })
    await shows(seen, "3 is the end")
    expect(await seen.page.getByText("no result yet").count()).toBe(0)
    expect(await seen.page.getByText("One, two, three.").count()).toBe(1)
    await list.page.locator("[role=row]", { hasText: "Are you there?" }).locator("[title='5 lines of conversation']").waitFor()
    // A session that begins stands on the list as well.
    put(here, id(5), [prompt("A new session begins")])
    await shows(list, "A new session begins")
  })

  it("A long session opens at its end, keeps few rows in the page, and can be read to its beginning", async () => {
    const seen = await served().open()
    const { page } = seen
    await page.goto(`${seen.base}/s/${long}`)
    await shows(seen, "Answer 699")
    const nodes = () => page.evaluate(() => document.querySelectorAll("*").length)
    expect(await nodes()).toBeLessThan(2500)
    const feed = page.getByRole("feed")
    await page
      .getByRole("navigation", { name: "Map of the conversation" })
      .getByRole("button", { name: /Question 690/ })
      .click()
    await page.waitForURL(new RegExp(`at=${long}-1380`))
    await page.goto(`${seen.base}/s/${long}?at=${long}-1`)
    await shows(seen, "Question 0", "Answer 0", "Answer 1")
    await page.keyboard.press("Shift+G")
    await shows(seen, "Answer 699")
    // Up again, window by window: what is in the page stays little, and what was read does not move.
    for (let step = 0; step < 40; step++) {
      await feed.evaluate((element) => element.scrollBy(0, -3000))
      await page.waitForTimeout(20)
    }
    expect(await nodes()).toBeLessThan(2500)
    expect(seen.complaints).toEqual([])
  })

  it("Everything is reached by keys", async () => {
    const seen = await served().open()
    const { page } = seen
    await page.goto(`${seen.base}/`)
    await page.locator("[role=row] a").first().waitFor()
    await page.keyboard.press("j")
    await page.waitForFunction(() => document.activeElement?.matches("[role=row] a"))
    await page.keyboard.press("Space")
    await page.getByRole("complementary", { name: "Preview" }).waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("complementary", { name: "Preview" }).waitFor({ state: "detached" })
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.waitForURL(/\/s\//)
    for (const [keys, path] of [
      ["gu", "/usage"],
      ["gg", "/gates"],
      ["gs", "/"],
      ["/", "/search"]
    ] as const) {
      for (const key of keys) await page.keyboard.press(key)
      await page.waitForURL(`${seen.base}${path}`)
    }
    await page.waitForFunction(() => document.activeElement?.matches("[aria-label=Words]"))
    await page.keyboard.type("basket")
    await shows(seen, "Fix the total of the")
    await page.keyboard.press("Control+k")
    const field = page.getByRole("combobox", { name: "Go to, or do" })
    await field.fill("fix the total")
    await page.getByRole("option", { name: /Session Fix the total/ }).waitFor()
    await page.keyboard.press("Enter")
    await page.waitForURL(`${seen.base}/s/${fixing}`)
    await page.keyboard.press("?")
    await page.getByRole("dialog", { name: "Keys" }).waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" })
  })

  it("The address has the filters of the list", async () => {
    const seen = await served().open()
    const { page } = seen
    await page.goto(`${seen.base}/?q=basket`)
    await page.getByText("1 session", { exact: true }).waitFor()
    await page.goto(`${seen.base}/`)
    await page.getByRole("button", { name: "With errors" }).click()
    await page.waitForURL(/errors=true/)
    await page.getByRole("button", { name: "Cost" }).click()
    await page.waitForURL(/sort=cost/)
    await page.getByRole("searchbox", { name: "Title" }).fill("nobody called one so")
    await shows(seen, "No session fulfils these filters")
    await page.getByRole("button", { name: "Show all sessions" }).click()
    await shows(seen, "Are you there?")
  })

  it("A browser that was not let in sees no data, and comes back to its place when it is", async () => {
    const { base, token } = served()
    const seen = await served().open({ letIn: false })
    await seen.page.goto(`${base}/s/${fixing}?tab=files`)
    await shows(seen, "This browser is not let in")
    expect(await seen.page.getByText("total.ts").count()).toBe(0)
    await seen.page.goto(`${base}/open?token=${token}`)
    await shows(seen, "total.ts")
    expect(new URL(seen.page.url()).pathname).toBe(`/s/${fixing}`)
  })

  it("A page goes on when the coordinator is started again, without a gap and without a double", async () => {
    const { here, restart } = served()
    const seen = await served().open()
    await seen.page.goto(`${seen.base}/s/${fixing}`)
    await shows(seen, "The total is right now.", "live")
    await restart(async () => {
      await shows(seen, "reconnecting")
      put(here, fixing, [prompt("Written while nobody answered")], { from: 6 })
    })
    await shows(seen, "live", "Written while nobody answered")
    put(here, fixing, [answer("f4", [text("Heard again.")])], { from: 7 })
    await shows(seen, "Heard again.")
    for (const words of ["The total is right now.", "Written while nobody answered", "Heard again."])
      expect([words, await seen.page.getByRole("feed").getByText(words).count()]).toEqual([words, 1])
  })
})
