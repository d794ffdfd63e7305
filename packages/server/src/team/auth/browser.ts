import { createHmac, timingSafeEqual } from "node:crypto"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { unsafeSetCookie } from "@effect/platform/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import { isLoopback } from "../../loopback/isLoopback.ts"

/** Where this server is for whoever asks, as `https://host`: the address that people use, or on this machine the one that was asked; null for any other. */
export const originOf = (publicUrl: URL | undefined, host: string | null | undefined): string | null => {
  if (publicUrl !== undefined) return publicUrl.origin
  const asked = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined
  // Another name may be anybody's that leads here: a page of theirs would be of this origin.
  return asked !== undefined && isLoopback(asked.hostname) ? asked.origin : null
}

/** The cookies of a server at an origin. With the prefix no other host and no plain connection can set them. */
export const cookieNames = (origin: string) => {
  const prefix = origin.startsWith("https:") ? "__Host-" : ""
  return { session: `${prefix}han`, signIn: `${prefix}han-sign-in` }
}

/** The value of a cookie in the header of a request. */
export const cookieIn = (header: string | null | undefined, name: string): string | undefined => {
  for (const part of (header ?? "").split(";")) {
    const at = part.indexOf("=")
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}

/** Sets a cookie that no script reads, and that goes along when somebody comes here from elsewhere by a link, and not otherwise. 0 seconds: takes it away. */
export const withCookie = (
  response: HttpServerResponse.HttpServerResponse,
  origin: string,
  name: string,
  value: string,
  seconds: number
): HttpServerResponse.HttpServerResponse =>
  unsafeSetCookie(response, name, value, { httpOnly: true, secure: origin.startsWith("https:"), sameSite: "lax", path: "/", maxAge: seconds * 1000 })

/** What a page sends along with what it changes, so that another's page cannot: a digest under the secret of the cookie. */
export const csrfOf = (secret: Redacted.Redacted): string => createHmac("sha256", Redacted.value(secret)).update("han csrf").digest("base64url")

export const isCsrfOf = (secret: Redacted.Redacted, given: string | null | undefined): boolean => {
  const [own, other] = [Buffer.from(csrfOf(secret)), Buffer.from(given ?? "")]
  return own.length === other.length && timingSafeEqual(own, other)
}

/** A secret that follows from the one of a browser's cookie: so that what is secret between here and a provider stands in no table. */
export const derived = (browser: Redacted.Redacted, use: "verifier" | "nonce"): string =>
  createHmac("sha256", Redacted.value(browser)).update(`han ${use}`).digest("base64url")
