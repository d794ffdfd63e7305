import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { folder } from "../../../../test/temporary.ts"
import * as Lock from "../../src/home/Lock.ts"

const at = (home: string, waitMs = 0) => ({ home, lock: Path.join(home, "lock.db"), socket: Path.join(home, "s"), waitMs })

it.scopedLive("The lock has one holder at a time and is free for the next one after it", () =>
  Effect.gen(function* () {
    const home = yield* folder
    const first = yield* Scope.make()
    yield* Scope.extend(Lock.acquire(at(home)), first)
    const refused = yield* Effect.flip(Effect.scoped(Lock.acquire(at(home))))
    assert.instanceOf(refused, Lock.CoordinatorAlreadyRunning)
    assert.include(refused.message, "lock.db but does not answer")
    yield* Scope.close(first, Exit.void)
    yield* Effect.scoped(Lock.acquire(at(home)))
  })
)

it.scopedLive("a holder that is just ending is waited for", () =>
  Effect.gen(function* () {
    const home = yield* folder
    const first = yield* Scope.make()
    yield* Scope.extend(Lock.acquire(at(home)), first)
    yield* Effect.fork(Effect.delay(Scope.close(first, Exit.void), 200))
    yield* Effect.scoped(Lock.acquire(at(home, 20_000)))
  })
)

it.scopedLive("a file that is no lock is named", () =>
  Effect.gen(function* () {
    const home = yield* folder
    Fs.writeFileSync(Path.join(home, "lock.db"), "these are not the bytes of a database, and there are enough of them to tell")
    const refused = yield* Effect.flip(Effect.scoped(Lock.acquire(at(home))))
    assert.include(refused.message, `${Path.join(home, "lock.db")} cannot be locked`)
  })
)
