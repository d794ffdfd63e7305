/**
 * The code of an invite to a workspace: eight characters that people read to one another.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import * as InviteCode from "han-core/InviteCode"
 *
 * const code = Effect.runSync(InviteCode.make)
 * console.log(InviteCode.hashOf(code) === InviteCode.hashOf(Redacted.make(` ${Redacted.value(code).toLowerCase()} `))) // true
 * ```
 */

import { createHash, randomInt } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** Consonants without those that are taken for others, so that no words come out: those of RFC 8628, section 6.1. */
const letters = "BCDFGHJKLMNPQRSTVWXZ"
const length = 8

/** A new code, `BCDF-GHJK`: one of 20^8. */
export const make: Effect.Effect<Redacted.Redacted> = Effect.sync(() => {
  const text = Array.from({ length }, () => letters.charAt(randomInt(letters.length))).join("")
  return Redacted.make(`${text.slice(0, length / 2)}-${text.slice(length / 2)}`)
})

/** What is kept of a code: the SHA-256 of its letters, in hex. Capitals, spaces and hyphens make no difference. */
export const hashOf = (code: Redacted.Redacted): string =>
  createHash("sha256").update(Redacted.value(code).toUpperCase().replaceAll(/[\s-]/g, ""), "utf8").digest("hex")
