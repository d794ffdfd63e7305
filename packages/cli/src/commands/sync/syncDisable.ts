import * as Effect from "effect/Effect"
import { SyncClient } from "han-core/SyncClient"
import { answered, ask, print } from "../../coordinator/CoordinatorClient.ts"
import { report } from "../../coordinator/Report.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import { plainLine } from "../../terminal/PlainText.ts"
import { badConfiguration } from "./syncExitCode.ts"
import { changeSettings, configFile } from "./syncSettings.ts"

export const run = async (host: CliEnvironment): Promise<number> => {
  // Written first: whatever becomes of the coordinator, the next one sends nothing.
  const written = await Effect.runPromise(Effect.either(changeSettings(host, ({ enabled }) => (enabled === true ? { enabled: false } : {}))))
  if (written._tag === "Left") return report(host, written.left)
  return ask(
    host,
    Effect.gen(function* () {
      const { reload, status } = yield* SyncClient
      const before = yield* answered(host, "status of sync", status)
      yield* answered(host, "settings of sync", reload)
      const now = yield* answered(host, "status of sync", status)
      if (now.enabled)
        return yield* Effect.fail(
          new CommandFailed(
            "the coordinator runs with HAN_SYNC_ENABLED in its environment and still sends; `han coordinator stop`, and start it without that",
            badConfiguration
          )
        )
      return yield* print(
        host.out,
        written.right || before.enabled
          ? `Nothing is sent any more. The endpoint and the key stay in ${plainLine(configFile(host))}; what the server has stays there.\n`
          : "Sync was not switched on; nothing is sent.\n"
      )
    })
  )
}
