import { existsSync, readdirSync, realpathSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import type { HookPassFilter } from "han-core/HookCache"
import { similarNames } from "han-core/unstable/NearNames"
import { meant } from "../command-line/NearNames.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { inFull } from "../environment/WorkingDirectory.ts"
import { plainLine } from "../terminal/PlainText.ts"

/** The passes that a command is about, as it was given. */
export interface CacheChoice {
  readonly hook: string | undefined
  readonly project: string | undefined
}

export const cacheFilter = ({ hook, project }: CacheChoice): HookPassFilter => ({
  ...(hook === undefined ? {} : { hook }),
  ...(project === undefined ? {} : { directory: placeOf(inFull(project)) })
})

/** ` of HOOK in DIR`, or nothing. */
export const filterText = ({ directory, hook }: HookPassFilter): string =>
  `${hook === undefined ? "" : ` of ${plainLine(hook)}`}${directory === undefined ? "" : ` in ${plainLine(directory)}`}`

/** Fails when nothing is at a place of which nothing is known: that is not a folder in which nothing was done. */
export const isNoFolder = (folder: string): Effect.Effect<void, CommandFailed> => {
  if (existsSync(folder)) return Effect.void
  const parent = dirname(folder)
  const near = existsSync(parent) && statSync(parent).isDirectory() ? similarNames(basename(folder), readdirSync(parent)) : []
  return Effect.fail(new CommandFailed(`there is no folder ${folder}, and nothing is known of one${near.length === 0 ? "" : meant(near, "")}`))
}

/** Passes name folders without symbolic links, also folders that are gone since. */
export const placeOf = (folder: string): string => (existsSync(folder) ? realpathSync(folder) : join(placeOf(dirname(folder)), basename(folder)))
