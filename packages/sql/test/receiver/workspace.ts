import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Entry, SessionId } from "han-core/Entry"
import { Journal } from "han-core/Journal"
import type { SyncPayload } from "han-core/Sync"
import { SyncReceiver } from "han-core/SyncReceiver"
import { Viewer } from "han-core/Viewer"
import { ApiKeys, type KeyRequest, type Principal, Slug, viewerOf } from "han-core/Workspaces"

/** A person of the workspace acme, with the right to send. */
export const personNamed = (person: string, more: Partial<KeyRequest> = {}) =>
  Effect.flatMap(ApiKeys, (keys) =>
    keys.create({
      workspace: Slug.make("acme"),
      person,
      owners: [{ host: "github.com", owner: "acme" }],
      logins: [{ host: "github.com", login: person.toLowerCase() }],
      scopes: ["sync:write", "read"],
      expiresAt: null,
      encryption: "off",
      ...more
    })
  ).pipe(Effect.map(({ principal }) => principal))

export const receive = (principal: Principal, payload: SyncPayload) => Effect.flatMap(SyncReceiver, (receiver) => receiver.receive(principal, payload))

export const as =
  (principal: Principal) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provideService(effect, Viewer, viewerOf(principal))

/** The transcripts of a session, each with its bytes. */
export const storedOf = (principal: Principal, sessionId: string) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const infos = yield* journal.transcripts({ sessionId: SessionId.make(sessionId) })
    return yield* Effect.forEach(infos, ({ author, id, lines, replacedBy, transcript }) =>
      Effect.map(Stream.runCollect(journal.bytes(id)), (chunks) => ({
        id,
        author,
        lines,
        replacedBy,
        transcript,
        text: Buffer.concat([...chunks]).toString()
      }))
    )
  }).pipe(as(principal))

export const textOf = (entries: ReadonlyArray<Entry>): string => entries.map(({ bytes }) => `${Buffer.from(bytes)}\n`).join("")
