import { randomBytes } from "node:crypto"

/** Milliseconds for which an address lets a browser in. */
const goodForMs = 10 * 60_000
const most = 100

/** Addresses that let a browser in stand in its command line and its history, where others may read them: each is good once, and not for long. */
export interface Tickets {
  readonly issue: () => string
  /** Uses a ticket. True when it was issued and not used before. */
  readonly redeem: (ticket: string) => boolean
}

export const tickets = (now: () => number): Tickets => {
  const open = new Map<string, number>()
  return {
    issue: () => {
      for (const [ticket, until] of open) if (until <= now() || open.size >= most) open.delete(ticket)
      const ticket = randomBytes(16).toString("hex")
      open.set(ticket, now() + goodForMs)
      return ticket
    },
    redeem: (ticket) => {
      const until = open.get(ticket)
      open.delete(ticket)
      return until !== undefined && until > now()
    }
  }
}

/** The page at `/open`. It holds no script, no style and nothing of what it was asked with. */
export const page = (admitted: boolean): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>han</title>
<h1>han</h1>
${
  admitted
    ? "<p>This browser is let in. The API is ready at <code>/graphql</code>.</p>"
    : "<p>This browser is not let in. Run <code>han open</code> in a terminal; the link that it prints works once, for ten minutes.</p>"
}
</html>
`

export const headers: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY"
}
