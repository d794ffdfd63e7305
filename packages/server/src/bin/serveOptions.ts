import * as Path from "node:path"
import { hostOf, originOf } from "../loopback/LoopbackGuard.ts"

/** The options of the coordinator's command line. */
export type Asked =
  | {
      readonly _tag: "Serve"
      /** In full. */
      readonly roots: ReadonlyArray<string>
      /** Absent: as the configuration says. */
      readonly port: number | undefined
      readonly allowHosts: ReadonlyArray<string>
      readonly allowOrigins: ReadonlyArray<string>
      /** Somebody else's command started it: nobody looks at what it says, and a port that is taken does not end it. */
      readonly background: boolean
    }
  | { readonly _tag: "Help" }
  | { readonly _tag: "Wrong"; readonly message: string }

const valued = ["root", "port", "allow-host", "allow-origin"] as const

export const parse = (argv: ReadonlyArray<string>, environment: Readonly<Record<string, string | undefined>>): Asked => {
  const given = new Map<(typeof valued)[number], Array<string>>()
  let background = false
  const words = argv[0] === "serve" ? argv.slice(1) : [...argv]
  while (words.length > 0) {
    const word = words.shift() ?? ""
    if (word === "--help" || word === "-h") return { _tag: "Help" }
    if (word === "--background") {
      background = true
      continue
    }
    const [, named = "", inline] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? []
    const name = valued.find((name) => name === named)
    if (name === undefined) return wrong(`"${word}" is no option of the coordinator`)
    const value = inline ?? words.shift()
    if (value === undefined || value === "") return wrong(`--${name} needs a value`)
    given.set(name, [...(given.get(name) ?? []), value])
  }
  const [allowHosts, strangeHost] = read(given.get("allow-host") ?? [], hostOf)
  if (strangeHost !== undefined) return wrong(`--allow-host "${strangeHost}" is no host: write \`name\` or \`name:port\``)
  const [allowOrigins, strangeOrigin] = read(given.get("allow-origin") ?? [], originOf)
  if (strangeOrigin !== undefined) return wrong(`--allow-origin "${strangeOrigin}" is no origin: write \`https://name\` or \`https://name:port\``)
  const asked = given.get("port")?.at(-1)
  const port = asked ?? (environment["HAN_PORT"] || undefined)
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535))
    return wrong(`${asked === undefined ? "HAN_PORT" : "--port"} "${port}" is no port: write a number up to 65535, 0 for any free one`)
  return {
    _tag: "Serve",
    roots: (given.get("root") ?? []).map((root) => Path.resolve(root)),
    port: port === undefined ? undefined : Number(port),
    allowHosts,
    allowOrigins,
    background
  }
}

const wrong = (message: string): Asked => ({ _tag: "Wrong", message })

/** The texts as `of` reads them, and the first one that it does not. */
const read = (texts: ReadonlyArray<string>, of: (text: string) => string | undefined): readonly [ReadonlyArray<string>, string | undefined] => [
  texts.flatMap((text) => of(text) ?? []),
  texts.find((text) => of(text) === undefined)
]
