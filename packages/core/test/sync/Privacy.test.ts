import * as Either from "effect/Either"
import { eligibilityOf, type Pattern, patternOf } from "han-core/Privacy"
import { canonicalRemote } from "han-core/Remote"
import { describe, expect, it } from "vitest"

const workspace = {
  owners: [
    { host: "github.com", owner: "acme" },
    { host: "gitlab.example", owner: "acme/tools" }
  ],
  logins: [
    { host: "github.com", login: "ada" },
    { host: "gitlab.example", login: "ada.l" }
  ]
}
const pattern = (text: string, home?: string): Pattern => Either.getOrThrowWith(patternOf(text, home), (problem) => new Error(`${text}: ${problem}`))
const decided = (
  remote: string | null,
  {
    exclude = [],
    include = [],
    path = null,
    personal = false
  }: Partial<Record<"exclude" | "include", ReadonlyArray<string>>> & {
    readonly path?: string | null
    readonly personal?: boolean
  } = {}
) => {
  const { eligible, reason } = eligibilityOf(
    { path, remote: remote === null ? null : canonicalRemote(remote) },
    {
      forceExclude: exclude.map((text) => pattern(text, "/home/ada")),
      forceInclude: include.map((text) => pattern(text, "/home/ada")),
      includePersonal: personal
    },
    workspace
  )
  return `${eligible ? "yes" : "no"}: ${reason}`
}

describe("SYN-12: who owns a repository decides, and what nobody is known to own stays at home", () => {
  for (const [remote, expected] of [
    ["https://github.com/acme/shop.git", "yes: org"],
    ["git@github.com:acme/shop.git", "yes: org"],
    ["ssh://git@github.com:22/acme/shop", "yes: org"],
    ["https://token:x-oauth@GitHub.com:443/Acme/Shop/", "yes: org"],
    ["https://github.com/acme/shop?owner=evil#acme", "yes: org"],
    ["git@gitlab.example:acme/tools/shop.git", "yes: org"],
    ["https://gitlab.example:8443/acme/tools/deep/er/shop.git", "yes: org"],
    ["https://gitlab.example/acme/other/shop", "no: unknown_owner"],
    ["https://gitlab.example/acme/tools-2/shop", "no: unknown_owner"],
    ["https://github.com/acme-labs/shop", "no: unknown_owner"],
    ["https://github.com/acm/shop", "no: unknown_owner"],
    ["https://github.com.evil.example/acme/shop", "no: unknown_owner"],
    ["https://evil.example/github.com/acme/shop", "no: unknown_owner"],
    ["https://github.com@evil.example/acme/shop", "no: unknown_owner"],
    ["https://gitlab.com/acme/shop", "no: unknown_owner"],
    ["https://github.com/ada/notes", "no: personal"],
    ["git@gitlab.example:ada.l/notes.git", "no: personal"],
    ["https://gitlab.example/ada/notes", "no: unknown_owner"],
    ["/srv/git/acme/shop.git", "no: unknown_owner"],
    ["file:///srv/acme/shop", "no: unknown_owner"],
    ["https://github.com/acme", "no: unknown_owner"],
    [null, "no: unknown_owner"]
  ] as const)
    it(`${remote} is ${expected}`, () => expect(decided(remote)).toBe(expected))

  it("A personal repository goes when the person says so, and an organisation's either way", () => {
    expect(decided("https://github.com/ada/notes", { personal: true })).toBe("yes: personal")
    expect(decided("https://github.com/acme/shop", { personal: true })).toBe("yes: org")
  })
})

const shop = "https://github.com/acme/shop"

describe("SYN-12: exclusion in any form keeps a session at home", () => {
  for (const form of [
    "acme/shop",
    "acme/*",
    "acme/**",
    "*/shop",
    "**",
    "github.com/acme/shop",
    "github.com/acme/*",
    "github.com/**",
    "*/acme/shop",
    "GitHub.com/Acme/Shop.git",
    "acme/shop.git/",
    "github.com:443/acme/shop",
    "https://user:secret@github.com/acme/shop.git",
    "https://github.com:443/acme/*",
    "git@github.com:acme/shop.git",
    "ssh://git@github.com:2222/acme/shop",
    "/home/ada/work",
    "/home/ada/work/",
    "/home//ada/./work",
    "~/work",
    "~",
    "/"
  ])
    it(form, () => expect(decided(shop, { exclude: [form], path: "/home/ada/work/shop" })).toBe("no: force_excluded"))

  for (const form of [
    "acme/sho",
    "acme/shopping",
    "me/shop",
    "gitlab.com/acme/shop",
    "acme/shop/*",
    "*/acme/shop/**",
    "~/wor",
    "/home/ada/work/shop/src",
    "~/work/shop-2"
  ])
    it(`${form} names something else`, () => expect(decided(shop, { exclude: [form], path: "/home/ada/work/shop" })).toBe("yes: org"))

  it("Groups in groups are named by all their segments, or by ** for the rest", () => {
    const nested = "https://gitlab.example/acme/tools/deep/shop"
    for (const form of ["acme/tools/deep/shop", "acme/tools/**", "gitlab.example/acme/**", "acme/*/*/shop"])
      expect([form, decided(nested, { exclude: [form] })]).toEqual([form, "no: force_excluded"])
    for (const form of ["acme/*", "acme/tools/*", "acme/shop"]) expect([form, decided(nested, { exclude: [form] })]).toEqual([form, "yes: org"])
  })
})

describe("SYN-12: inclusion lets go what nobody owns, unless it is excluded", () => {
  for (const form of ["else/thing", "else/*", "gitlab.com/else/**", "git@gitlab.com:else/thing.git"])
    it(form, () => expect(decided("https://gitlab.com/else/thing", { include: [form] })).toBe("yes: force_included"))

  it("A directory is included without a remote", () => {
    expect(decided(null, { include: ["~/try"], path: "/home/ada/try/one" })).toBe("yes: force_included")
    expect(decided(null, { include: ["~/try"], path: "/home/ada/trying" })).toBe("no: unknown_owner")
    expect(decided(null, { include: ["~/try"] })).toBe("no: unknown_owner")
  })

  it("Exclusion comes before inclusion, inclusion before what is personal, and that before the organisation", () => {
    expect(decided(shop, { exclude: ["acme/shop"], include: ["acme/shop"] })).toBe("no: force_excluded")
    expect(decided("https://github.com/ada/notes", { include: ["ada/notes"] })).toBe("yes: force_included")
    const both = { ...workspace, owners: [{ host: "github.com", owner: "ada" }] }
    const rules = { forceExclude: [], forceInclude: [], includePersonal: false }
    expect(eligibilityOf({ path: null, remote: "github.com/ada/notes" }, rules, both)).toEqual({ eligible: false, reason: "personal" })
  })
})

describe("SYN-12: a text that would match nothing is no pattern", () => {
  for (const text of [
    "",
    "  ",
    "acme",
    "github.com/acme",
    "github.com/*",
    "https://github.com/acme",
    "acme//shop",
    "a**/b",
    "**/shop",
    "acme/sh*p",
    "../acme/shop",
    "~/a/../b",
    "C:\\work",
    "acme/shop name"
  ])
    it(JSON.stringify(text), () => expect(Either.isLeft(patternOf(text))).toBe(true))
})
