import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import * as Fs from "node:fs"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { hookKey } from "han-core/unstable/HookKey"
import { Viewer } from "han-core/Viewer"
import { attempt, HomeUnusable } from "../home/Home.ts"

/** On whose behalf a request runs. */
export type Viewing = Context.Tag.Service<typeof Viewer>

/** The secret of this HAN_HOME. Whoever can read its file is its owner; every other client of the machine is kept out by it. */
export interface Token {
  readonly value: string
  /** True for the secret. Takes as long for a wrong text as for the right one. */
  readonly isRight: (text: string) => boolean
  /** True for the key of hooks over HTTP that is made of the secret. Takes as long, too. */
  readonly isHookKey: (text: string) => boolean
}

/** Whom a text lets in: the one person of this machine, who knows the token. */
export const viewerOf = (token: Token, text: string): Viewing | undefined => (token.isRight(text) ? Viewer.local : undefined)

/** The token in the file at `path`, which is made when there is none, and closed to others when it is not. Only for the holder of the lock. */
export const open = (path: string): Effect.Effect<Token, HomeUnusable> =>
  Effect.gen(function* () {
    const value = (yield* known(path)) ?? (yield* made(path))
    const digest = digestOf(value)
    const keyDigest = digestOf(hookKey(value))
    return {
      value,
      isRight: (text) => timingSafeEqual(digestOf(text), digest),
      isHookKey: (text) => timingSafeEqual(digestOf(text), keyDigest)
    }
  })

const digestOf = (text: string) => createHash("sha256").update(text).digest()

const known = (path: string) =>
  Effect.gen(function* () {
    const found = yield* attempt(path, "cannot be looked at", () => Fs.lstatSync(path, { throwIfNoEntry: false }))
    if (found === undefined) return null
    const self = process.getuid?.()
    if (!found.isFile()) return yield* new HomeUnusable({ path, message: `${path} is in the way and is no file; move it away, then start again` })
    if (self !== undefined && found.uid !== self)
      return yield* new HomeUnusable({ path, message: `${path} belongs to another user (uid ${found.uid}, this is uid ${self}); remove it, then start again` })
    if ((found.mode & 0o077) !== 0) yield* attempt(path, "is open to other users and cannot be closed; run `chmod 600` on it", () => Fs.chmodSync(path, 0o600))
    const text = (yield* attempt(path, "cannot be read", () => Fs.readFileSync(path, "utf8"))).trim()
    // What is no token, such as the rest of a write that was cut short, would be easy to guess.
    return /^[0-9a-f]{64}$/.test(text) ? text : null
  })

const made = (path: string) =>
  attempt(path, "cannot be written", () => {
    const value = randomBytes(32).toString("hex")
    const draft = `${path}.${process.pid}`
    Fs.rmSync(draft, { force: true })
    Fs.writeFileSync(draft, `${value}\n`, { mode: 0o600, flag: "wx" })
    Fs.renameSync(draft, path)
    return value
  })
