import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto"
import * as Redacted from "effect/Redacted"

/** 256 random bits, in the letters of addresses and cookies. */
export const newSecret = (): Redacted.Redacted => Redacted.make(randomBytes(32).toString("base64url"))

export const digestOf = (secret: Redacted.Redacted): Uint8Array => createHash("sha256").update(Redacted.value(secret)).digest()

/** Takes the same time wherever the two differ. */
export const isSame = (one: Uint8Array | null, other: Uint8Array): boolean => one !== null && one.length === other.length && timingSafeEqual(one, other)

/** A refresh token: what stays the same in a family of tokens, and what is good once. Its text is `hanr.FAMILY.ONCE`, both 256 bits in base64url. */
export interface RefreshToken {
  readonly family: Redacted.Redacted
  readonly once: Redacted.Redacted
}

export const refreshText = ({ family, once }: RefreshToken): Redacted.Redacted => Redacted.make(`hanr.${Redacted.value(family)}.${Redacted.value(once)}`)

export const parseRefresh = (text: Redacted.Redacted): RefreshToken | null => {
  const [, family, once] = /^hanr\.([\w-]{43})\.([\w-]{43})$/.exec(Redacted.value(text)) ?? []
  return family === undefined || once === undefined ? null : { family: Redacted.make(family), once: Redacted.make(once) }
}

/** Encrypts a token so that only whoever has the one before can read it: AES-256-GCM, nonce and tag in front. */
export const seal = (before: Redacted.Redacted, token: Redacted.Redacted): Uint8Array => {
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv("aes-256-gcm", keyOf(before), nonce, { authTagLength: tagLength })
  const text = Buffer.concat([cipher.update(Redacted.value(token), "utf8"), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), text])
}

/** Fails, as a defect, for what `seal` did not make with this token. */
export const unseal = (before: Redacted.Redacted, sealed: Uint8Array): Redacted.Redacted => {
  const decipher = createDecipheriv("aes-256-gcm", keyOf(before), sealed.subarray(0, nonceLength), { authTagLength: tagLength })
  decipher.setAuthTag(sealed.subarray(nonceLength, nonceLength + tagLength))
  return Redacted.make(Buffer.concat([decipher.update(sealed.subarray(nonceLength + tagLength)), decipher.final()]).toString("utf8"))
}

const nonceLength = 12
const tagLength = 16
const keyOf = (secret: Redacted.Redacted): Uint8Array => new Uint8Array(hkdfSync("sha256", Redacted.value(secret), "", "han refresh successor", 32))

/** Letters that are not taken for each other, without vowels: no words come of them. */
const letters = "BCDFGHJKLMNPQRSTVWXZ"

/** Eight letters of twenty, for somebody to type: `WDJB-MJHT`. */
export const newUserCode = (): string => {
  let text = ""
  // Bytes above the last multiple of 20 are left out, so that each letter is as likely as another.
  while (text.length < 8) for (const byte of randomBytes(16)) if (byte < 240 && text.length < 8) text += letters.charAt(byte % 20)
  return `${text.slice(0, 4)}-${text.slice(4)}`
}

/** The digest of a code that somebody typed, however they wrote it. */
export const userCodeDigest = (typed: string): Uint8Array => digestOf(Redacted.make(typed.toUpperCase().replace(/[^A-Z]/g, "")))
