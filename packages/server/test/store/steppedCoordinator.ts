// A coordinator that kills itself (`kill`) or stands still until a line comes (`hold`) at the Nth step of a phase of making its store anew: `steppedCoordinator.ts kill|hold PHASE N`.
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Coordinator from "han-server/Coordinator"
import * as Home from "han-server/Home"

const [act, phase, nth] = process.argv.slice(2)
let seen = 0
process.umask(0o077)
const program = Effect.scoped(
  Effect.gen(function* () {
    const home = yield* Home.open(process.env["HAN_HOME"] ?? "")
    const stopped = yield* Deferred.make<void>()
    yield* Layer.build(
      Coordinator.layer({
        home,
        roots: [{ path: process.env["CLAUDE_CONFIG_DIR"] ?? "" }],
        environment: process.env,
        stop: Effect.asVoid(Deferred.succeed(stopped, undefined)),
        remaking: (progress) => {
          if (progress.phase !== phase || seen++ !== Number(nth)) return Effect.void
          if (act === "kill") process.kill(process.pid, "SIGKILL")
          process.stdout.write("holds\n")
          return Effect.async<void>((resume) => {
            process.stdin.once("data", () => resume(Effect.void))
          })
        }
      })
    )
    process.stdout.write("listens\n")
    yield* Deferred.await(stopped)
  })
)
await Effect.runPromise(program)
process.exit(0)
