import type { SessionSync } from "han-core/SyncClient"

/** `synced`, `waiting`, `stays here: personal`. */
export const syncWords = (sync: SessionSync | undefined): string => {
  if (sync === undefined) return "-"
  const because = sync.reason === null ? "" : `: ${sync.reason}`
  return sync.state === "excluded" ? `stays here${because}` : sync.state === "quarantined" ? `refused${because}` : sync.state
}
