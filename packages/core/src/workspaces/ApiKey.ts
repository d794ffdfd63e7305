/**
 * The text of an API key of a team server: how it is made, read, and kept.
 *
 * @example
 * ```ts
 * import * as Option from "effect/Option"
 * import * as Redacted from "effect/Redacted"
 * import * as ApiKey from "han-core/ApiKey"
 *
 * const given = process.env.HAN_SYNC_API_KEY ?? ""
 * const key = ApiKey.parse(Redacted.make(given))
 * console.log(Option.isNone(key) ? "it is cut off or mistyped" : `it is the key ${key.value.keyId}`)
 * ```
 */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { crc32 } from "node:zlib"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/**
 * A key whose checksum is right. Its text is `han_ID_SECRET_CHECK`: ID 12 characters that name the key and are no secret, SECRET 43 (256 bits), CHECK 6, all of base 62
 * (digits, capitals, small letters, in this order of value). CHECK is the CRC-32 (that of zlib) of the ASCII bytes before it, the last `_` included, as a number with its
 * greatest digit first and zeros in front.
 */
export interface ApiKey {
  readonly keyId: string
  readonly text: Redacted.Redacted
}

/** A new key, of random bytes of the system. */
export const make: Effect.Effect<ApiKey> = Effect.sync(() => {
  const keyId = randomText(idLength)
  const body = `han_${keyId}_${randomText(secretLength)}_`
  return { keyId, text: Redacted.make(`${body}${checksumOf(body)}`) }
})

/** Reads a key; none for a text of another form, or with a wrong checksum. Whether anybody has made such a key is another question. */
export const parse = (text: Redacted.Redacted): Option.Option<ApiKey> => {
  const value = Redacted.value(text)
  const [, body = "", keyId = "", checksum] = form.exec(value) ?? []
  return checksum !== undefined && checksumOf(body) === checksum ? Option.some({ keyId, text }) : Option.none()
}

/** Gives what is kept of a key: the SHA-256 of its whole text, 32 bytes. The secret has 256 bits of its own, so that nothing slower is needed. */
export const hashOf = ({ text }: ApiKey): Uint8Array => createHash("sha256").update(Redacted.value(text), "ascii").digest()

/** Tells whether `hash` is that of the key. Takes the same time wherever the two differ. */
export const hasHash = (key: ApiKey, hash: Uint8Array): boolean => {
  const own = hashOf(key)
  return own.length === hash.length && timingSafeEqual(own, hash)
}

const idLength = 12
const secretLength = 43
const form = /^(han_([0-9A-Za-z]{12})_[0-9A-Za-z]{43}_)([0-9A-Za-z]{6})$/

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const checksumOf = (body: string): string => {
  let rest = crc32(Buffer.from(body, "ascii"))
  let text = ""
  for (let place = 0; place < 6; place++) {
    text = digits.charAt(rest % 62) + text
    rest = Math.floor(rest / 62)
  }
  return text
}

/** Bytes above the last multiple of 62 are left out, so that each digit is as likely as another. */
const randomText = (length: number): string => {
  let text = ""
  while (text.length < length) {
    for (const byte of randomBytes(2 * length)) if (byte < 248 && text.length < length) text += digits.charAt(byte % 62)
  }
  return text
}
