import * as Effect from "effect/Effect"
import { Hooks } from "han-core/Hooks"
import { answered } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { styleOf } from "../terminal/Style.ts"
import { problemsText } from "./HookText.ts"
import { hookQuery } from "./ProjectFolder.ts"

/** The errors of the files that hooks of this project come from: what is in them counts for nothing, and no hook of theirs is seen. Empty when there are none. */
export const brokenFiles = (host: CliEnvironment) =>
  Effect.map(
    answered(
      host,
      "hooks",
      Effect.flatMap(Hooks, (hooks) => hooks.list(hookQuery(undefined, host)))
    ),
    ({ problems }) =>
      problemsText(
        problems.filter(({ severity }) => severity === "error"),
        styleOf(host.terminal)
      )
  )
