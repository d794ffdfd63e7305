import * as Schema from "effect/Schema"
import { KeyScope, type Login, type RepositoryOwner, Slug } from "han-core/Workspaces"

/** The command line of `han-server`. */
export type TeamAsked =
  | { readonly _tag: "Serve" | "Migrate"; readonly embedded: string | undefined }
  | ({ readonly _tag: "CreateKey"; readonly embedded: string | undefined } & KeyOptions)
  | { readonly _tag: "LinkPerson"; readonly embedded: string | undefined; readonly person: string; readonly account: string }
  | { readonly _tag: "CreateWorkspace"; readonly embedded: string | undefined; readonly slug: Slug; readonly owner: string }
  | { readonly _tag: "Doctor"; readonly embedded: string | undefined }
  | { readonly _tag: "VerifyAudit"; readonly embedded: string | undefined; readonly workspace: Slug | null }
  | { readonly _tag: "Help" | "Version" }
  | { readonly _tag: "Wrong"; readonly message: string }

export interface KeyOptions {
  readonly workspace: Slug
  readonly person: string
  readonly owners: ReadonlyArray<RepositoryOwner>
  readonly logins: ReadonlyArray<Login>
  readonly scopes: readonly [KeyScope, ...ReadonlyArray<KeyScope>]
  /** Milliseconds that it is good for; null: for ever. */
  readonly lifeMs: number | null
  readonly json: boolean
}

export const parse = (argv: ReadonlyArray<string>): TeamAsked => {
  if (argv.includes("--help") || argv.includes("-h")) return { _tag: "Help" }
  const [command, ...words] = argv
  if (command === "--version") return { _tag: "Version" }
  if (command === "serve" || command === "migrate") {
    const given = optionsOf(words, command === "serve" ? ["embedded"] : [], [])
    return "wrong" in given ? wrong(given.wrong) : { _tag: command === "serve" ? "Serve" : "Migrate", embedded: given.values.get("embedded")?.at(-1) }
  }
  if (command === "audit" && words[0] === "verify") return auditOptions(words.slice(1))
  if (command === "keys" && words[0] === "create") return keyOptions(words.slice(1))
  if (command === "person" && words[0] === "link") return linkOptions(words.slice(1))
  if (command === "workspace" && words[0] === "create") return workspaceOptions(words.slice(1))
  if (command === "doctor") {
    const given = optionsOf(words, ["embedded"], [])
    return "wrong" in given ? wrong(given.wrong) : { _tag: "Doctor", embedded: given.values.get("embedded")?.at(-1) }
  }
  return wrong(command === undefined ? "say what to do" : `"${argv.slice(0, 2).join(" ")}" is no command`)
}

const wrong = (message: string): TeamAsked => ({ _tag: "Wrong", message })

/** The values of each option: those that follow it, up to the next one. */
const optionsOf = (words: ReadonlyArray<string>, names: ReadonlyArray<string>, flags: ReadonlyArray<string>) => {
  const values = new Map<string, Array<string>>()
  let last: Array<string> | undefined
  for (const word of words) {
    const [, name, inline] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? []
    if (name === undefined) {
      if (last === undefined || word.startsWith("-")) return { wrong: `"${word}" is no option` }
      last.push(word)
      continue
    }
    if (!names.includes(name) && !flags.includes(name)) return { wrong: `"--${name}" is no option of this command` }
    last = values.get(name) ?? []
    values.set(name, last)
    if (inline !== undefined) last.push(inline)
    if (flags.includes(name)) last = undefined
  }
  for (const [name, given] of values) if (!flags.includes(name) && given.every((value) => value === "")) return { wrong: `--${name} needs a value` }
  return { values }
}

/** The words in front of the first option, and what follows. */
const leading = (words: ReadonlyArray<string>) => {
  const at = words.findIndex((word) => word.startsWith("-"))
  return at < 0 ? { names: words, options: [] } : { names: words.slice(0, at), options: words.slice(at) }
}

const linkOptions = (words: ReadonlyArray<string>): TeamAsked => {
  const { names, options } = leading(words)
  const given = optionsOf(options, ["embedded"], [])
  if ("wrong" in given) return wrong(given.wrong)
  const [person, account, ...more] = names
  if (person === undefined || account === undefined || more.length > 0) return wrong("say `person link NAME github:ID` or oidc:SUB; quote a name with spaces")
  return { _tag: "LinkPerson", embedded: given.values.get("embedded")?.at(-1), person, account }
}

const workspaceOptions = (words: ReadonlyArray<string>): TeamAsked => {
  const { names, options } = leading(words)
  const given = optionsOf(options, ["owner", "embedded"], [])
  if ("wrong" in given) return wrong(given.wrong)
  const [slug, ...more] = names
  if (slug === undefined || more.length > 0 || !Schema.is(Slug)(slug))
    return wrong("say `workspace create SLUG --owner github:ID`: small letters, digits and hyphens, 63 at most")
  const owner = given.values.get("owner")?.at(-1)
  if (owner === undefined) return wrong("--owner is missing: github:ID or oidc:SUB")
  return { _tag: "CreateWorkspace", embedded: given.values.get("embedded")?.at(-1), slug, owner }
}

const auditOptions = (words: ReadonlyArray<string>): TeamAsked => {
  const given = optionsOf(words, ["workspace", "embedded"], [])
  if ("wrong" in given) return wrong(given.wrong)
  const workspace = given.values.get("workspace")?.at(-1)
  if (workspace !== undefined && !Schema.is(Slug)(workspace)) return wrong(`--workspace "${workspace}" is no name of a workspace`)
  return { _tag: "VerifyAudit", embedded: given.values.get("embedded")?.at(-1), workspace: workspace ?? null }
}

const keyOptions = (words: ReadonlyArray<string>): TeamAsked => {
  const given = optionsOf(words, ["workspace", "person", "owner", "login", "scopes", "expires", "embedded"], ["json"])
  if ("wrong" in given) return wrong(given.wrong)
  const { values } = given
  const one = (name: string) => values.get(name)?.at(-1)
  const workspace = one("workspace")
  if (workspace === undefined || !Schema.is(Slug)(workspace))
    return wrong(
      `--workspace ${workspace === undefined ? "is missing" : `"${workspace}" is no name of a workspace`}: small letters, digits and hyphens, 63 at most`
    )
  const person = values.get("person")?.join(" ").trim() ?? ""
  if (person === "" || person.length > 200) return wrong("--person is missing, or longer than 200 characters")
  const accounts = ["owner", "login"].map((name) => accountsIn(name, values.get(name) ?? []))
  for (const account of accounts) if ("wrong" in account) return wrong(account.wrong)
  const [owners = [], logins = []] = accounts.map((account) => ("accounts" in account ? account.accounts : []))
  const scopes = scopesIn(values.get("scopes") ?? ["sync:write,read"])
  if ("wrong" in scopes) return wrong(scopes.wrong)
  const lifeMs = lifeIn(one("expires") ?? "1y")
  if (lifeMs === undefined) return wrong(`--expires "${one("expires")}" is no time: write 12h, 30d, 8w, 1y, or never`)
  return {
    _tag: "CreateKey",
    embedded: one("embedded"),
    workspace,
    person,
    owners: owners.map(({ host, name }) => ({ host, owner: name })),
    logins: logins.map(({ host, name }) => ({ host, login: name })),
    scopes: scopes.scopes,
    lifeMs,
    json: values.has("json")
  }
}

const listed = (values: ReadonlyArray<string>) => values.flatMap((value) => value.split(",")).filter((value) => value !== "")

/** `github.com/ORG`, and of a group in a group `gitlab.com/ORG/GROUP`; in small letters. */
const accountsIn = (option: string, values: ReadonlyArray<string>) => {
  const accounts: Array<{ readonly host: string; readonly name: string }> = []
  for (const value of listed(values)) {
    const [, host, name] = /^([a-z0-9.-]+(?::\d+)?)\/([^\s/]+(?:\/[^\s/]+)*)$/.exec(value.toLowerCase()) ?? []
    if (host === undefined || name === undefined || (option === "login" && name.includes("/")))
      return { wrong: `--${option} "${value}" is no account: write HOST/NAME, as in github.com/${option === "login" ? "ada" : "acme"}` }
    accounts.push({ host, name })
  }
  return { accounts }
}

const scopesIn = (values: ReadonlyArray<string>): { readonly scopes: readonly [KeyScope, ...ReadonlyArray<KeyScope>] } | { readonly wrong: string } => {
  const given = listed(values)
  const strange = given.find((value) => !Schema.is(KeyScope)(value))
  const [first, ...others] = [...new Set(given.filter((value) => Schema.is(KeyScope)(value)))]
  return strange !== undefined || first === undefined
    ? { wrong: `--scopes "${strange ?? ""}" is not known: ${KeyScope.literals.join(", ")}` }
    : { scopes: [first, ...others] }
}

const hourMs = 3_600_000
const units: Readonly<Record<string, number>> = { h: hourMs, d: 24 * hourMs, w: 7 * 24 * hourMs, y: 365 * 24 * hourMs }

const lifeIn = (text: string): number | null | undefined => {
  if (text === "never") return null
  const [, count, unit = ""] = /^([1-9]\d{0,4})([hdwy])$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (units[unit] ?? 0)
}
