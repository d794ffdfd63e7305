import { createHmac } from "node:crypto"

/**
 * The key that Claude Code's `http` hooks show at `POST /hooks/<Event>`, as `Authorization: Bearer`. It is made of the token of a HAN_HOME, which it does not give away,
 * and is good for nothing else: it stands in a settings file, which people copy and commit, and is sent to whoever has the port when no coordinator runs.
 */
export const hookKey = (token: string): string => createHmac("sha256", token).update("han: POST /hooks").digest("hex")
