import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { JournalWriter } from "han-core/JournalWriter"
import { OwnerId, Viewer } from "han-core/Viewer"
import * as ChangeFeed from "han-graphql/ChangeFeed"
import { describe, expect, it } from "vitest"
import { session, user } from "../../../../test/transcriptLines.ts"
import { stores } from "../graphqlAsking.ts"

for (const [name, fresh] of stores)
  describe(`${name}: feeds`, () => {
    it("Feeds are one for each owner, from the first subscription to the last, and tell nobody of others' sessions", async () => {
      const managed = ManagedRuntime.make(fresh())
      try {
        const feeds = ChangeFeed.make(await managed.runtime())
        const [ada, bob] = [
          { owner: OwnerId.make("ada"), person: null },
          { owner: OwnerId.make("bob"), person: null }
        ]
        const added = (viewer: typeof Viewer.local) => feeds.of(viewer).subscribe("SessionAdded", () => true)
        const append = (viewer: typeof Viewer.local, id: string) =>
          managed.runPromise(
            Effect.provideService(
              Effect.flatMap(JournalWriter, (journal) => journal.appendAll([session(id, [user(id, 0, "x")])])),
              Viewer,
              viewer
            )
          )
        const next = async (from: Awaited<ReturnType<typeof added>>) => (await from.next()).value?.session.id
        const counts = () => [feeds.open(), feeds.subscribers()]

        feeds.of(ada)
        expect(counts()).toEqual([0, 0])
        const one = await added(ada)
        expect(counts()).toEqual([1, 1])
        const [two, three] = await Promise.all([added({ ...ada }), added(ada)])
        expect(counts()).toEqual([1, 3])
        const his = await added(bob)
        expect(counts()).toEqual([2, 4])

        await append(bob, "of-bob")
        await append(ada, "of-ada")
        expect(await Promise.all([next(one), next(two), next(three), next(his)])).toEqual(["of-ada", "of-ada", "of-ada", "of-bob"])
        for (const ended of [one, two]) await ended.return?.()
        expect(counts()).toEqual([2, 2])
        await three.return?.()
        expect(counts()).toEqual([1, 1])

        // The next one begins anew, and hears what comes from then on.
        const again = await added(ada)
        await append(ada, "later")
        expect([await next(again), ...counts()]).toEqual(["later", 2, 2])
        const waiting = [again, his].map((from) => from.next().catch((error: unknown) => error))
        await feeds.close()
        for (const told of await Promise.all(waiting)) expect(told).toMatchObject({ extensions: { code: "Stopping" } })
        expect(counts()).toEqual([0, 0])
      } finally {
        await managed.dispose()
      }
    })
  })
