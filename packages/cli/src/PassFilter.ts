import { existsSync, realpathSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import type { HookPassFilter } from "han-core/HookCache"
import { plainLine } from "./terminal/PlainText.ts"

/** Which passes a command is about, as it was given. */
export interface PassChoice {
  readonly hook: string | undefined
  readonly project: string | undefined
}

export const passFilter = ({ hook, project }: PassChoice): HookPassFilter => ({
  ...(hook === undefined ? {} : { hook }),
  ...(project === undefined ? {} : { directory: placeOf(resolve(project)) })
})

/** ` of HOOK in DIR`, or nothing. */
export const passWords = ({ directory, hook }: HookPassFilter): string =>
  `${hook === undefined ? "" : ` of ${plainLine(hook)}`}${directory === undefined ? "" : ` in ${plainLine(directory)}`}`

/** Passes name folders without symbolic links, also folders that are gone since. */
const placeOf = (folder: string): string => (existsSync(folder) ? realpathSync(folder) : join(placeOf(dirname(folder)), basename(folder)))
