import { createHash } from "node:crypto"
import * as Duration from "effect/Duration"
import { canonicalJson } from "../../text/json.ts"
import type { Hook } from "../Hook.ts"

/** A hook that is not trusted by itself. `content`: the digest of all files of its plugin, where the plugin is not trusted; null where only a change of it is not. */
export interface Untrusted {
  readonly hook: Hook
  readonly content: string | null
}

/** Stands for everything that would run: another command, event, condition or file of a plugin gives another digest. */
export const digestOf = (untrusted: ReadonlyArray<Untrusted>): string => {
  const facts = untrusted
    .map(({ content, hook }) => {
      const { aliases, changedBy, description, disabledBy, file, idleTimeout, line, root, timeout, tip, trust, version, ...rest } = hook
      return {
        ...rest,
        timeout: timeout === null ? null : Duration.toMillis(timeout),
        idleTimeout: idleTimeout === null ? null : Duration.toMillis(idleTimeout),
        content
      }
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  return createHash("sha256").update(canonicalJson(facts)).digest("hex")
}
