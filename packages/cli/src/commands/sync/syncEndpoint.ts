import { isIPv4 } from "node:net"
import * as Either from "effect/Either"

/** The address of a server as it stands in the settings; left is the reason that it cannot be one. Anything but this machine itself is reached by https alone. */
export const endpointOf = (text: string): Either.Either<URL, string> => {
  let url: URL
  try {
    url = new URL(text.trim())
  } catch {
    return Either.left("it is no address; write https://han.example")
  }
  const isLoopback = url.hostname === "localhost" || url.hostname === "[::1]" || (isIPv4(url.hostname) && url.hostname.startsWith("127."))
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback))
    return Either.left(`"${url.protocol.slice(0, 20)}" is not possible here: a server is reached by https, and by http on this machine alone`)
  if (url.username !== "" || url.password !== "") return Either.left("a name or password has no place in it; the key is given by --key")
  if (url.search !== "" || url.hash !== "") return Either.left("nothing may stand behind ? or # in it")
  if (url.pathname.replace(/\/+$/, "").endsWith("/api/sync")) return Either.left("leave /api/sync away; han adds it")
  return Either.right(url)
}

/** An address in the form in which it is written down: without a / at its end. */
export const endpointText = (url: URL): string => url.href.replace(/\/+$/, "")
