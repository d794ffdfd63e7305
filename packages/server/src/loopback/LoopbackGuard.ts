/**
 * Decides who may talk to a server on the loopback address. A page of any site can send requests to it, and can give it a name of its own (DNS rebinding): its origin and the
 * name it uses give it away.
 */
export interface LoopbackGuard {
  /** Gives the reason to refuse a request with these headers; null when there is none. */
  readonly refusal: (headers: Headers) => string | null
  /** The headers that let a browser's page read the answer. Only for a request that is not refused. */
  readonly cors: (headers: Headers) => Readonly<Record<string, string>>
  /** The answer to a browser that asks before it sends. Only for a request that is not refused. */
  readonly preflight: (headers: Headers) => Readonly<Record<string, string>>
}

export interface Options {
  readonly port: number
  /** More names that this server goes by, as `hostOf` gives them; one without a port is meant with every port. */
  readonly hosts: ReadonlyArray<string>
  /** More origins whose pages may use it, as `originOf` gives them. */
  readonly origins: ReadonlyArray<string>
}

const loopback = ["127.0.0.1", "localhost", "[::1]"]

/** `name`, `name:port`, `[::1]` or `[::1]:port`, in lower case; `undefined` when it is none of them. */
export const hostOf = (text: string): string | undefined => (/^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(text) ? text.toLowerCase() : undefined)

/** `https://name` or `https://name:port`, as a browser writes it; `undefined` when it is no origin. */
export const originOf = (text: string): string | undefined => {
  if (!URL.canParse(text)) return undefined
  const { hash, origin, password, pathname, search, username } = new URL(text)
  return origin === "null" || pathname !== "/" || `${hash}${password}${search}${username}` !== "" ? undefined : origin
}

export const make = ({ hosts, origins, port }: Options): LoopbackGuard => {
  // Browsers leave the port of http out.
  const places = loopback.flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])])
  const exact = new Set([...places, ...hosts])
  const anyPort = new Set(hosts.filter((host) => !/:\d+$/.test(host)))
  const trusted = new Set([...places.map((place) => `http://${place}`), ...origins])
  return {
    refusal: (headers) => {
      const host = headers.get("host")?.toLowerCase() ?? ""
      if (!exact.has(host) && !anyPort.has(host.replace(/:\d+$/, "")))
        return `the Host "${host.slice(0, 100)}" is not served; \`han coordinator serve --allow-host\` adds one`
      const origin = headers.get("origin")
      if (origin !== null && !trusted.has(origin))
        return `pages of "${origin.slice(0, 100)}" may not use this; \`han coordinator serve --allow-origin\` adds an origin`
      return null
    },
    cors: (headers) => ({ vary: "Origin", ...allowing(headers.get("origin")) }),
    preflight: (headers) => ({
      vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network",
      ...allowing(headers.get("origin")),
      "access-control-allow-methods": "GET, POST, OPTIONS",
      "access-control-allow-headers": namesOf(headers.get("access-control-request-headers")),
      "access-control-max-age": "7200",
      ...(headers.get("access-control-request-private-network") === "true" ? { "access-control-allow-private-network": "true" } : {})
    })
  }
}

const allowing = (origin: string | null): Readonly<Record<string, string>> =>
  origin === null ? {} : { "access-control-allow-origin": origin, "access-control-allow-credentials": "true" }

/** A trusted page may send any header: what is asked for, if it is a list of names. */
const namesOf = (asked: string | null): string => (asked !== null && /^[a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*$/i.test(asked) ? asked : "authorization, content-type")
