import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { Accounts } from "han-core/Accounts"
import { SignIns } from "han-core/SignIns"
import type { ApiKeys } from "han-core/Workspaces"
import { asking, asPage, field, form, type Limiter, limiter, originHere, refuse } from "./answers.ts"
import { type Authentication, browserSession } from "./authenticate.ts"
import { csrfOf } from "./browser.ts"
import { type Html, hidden, html, page } from "./html.ts"

/** The pages on which a person lets a device in: they type its code, see who asks, and say yes or no (RFC 8628 3.3, 5.4). */
export const deviceRoutes = (options: Authentication, limit: Limiter): HttpRouter.HttpRouter<never, Accounts | ApiKeys | SignIns> => {
  // A code is one of 20^8, and is good for a quarter of an hour: five guesses a minute find none.
  const guesses = limiter({ burst: 5, perSecond: 5 / 60 })
  return HttpRouter.empty.pipe(
    HttpRouter.get("/auth/device", asPage(ask(options))),
    HttpRouter.post("/auth/device/check", asPage(check(options, limit, guesses))),
    HttpRouter.post("/auth/device/decide", asPage(decide(options, guesses)))
  )
}

const ask = (options: Authentication) =>
  Effect.gen(function* () {
    yield* originHere(options.publicUrl)
    const session = yield* Effect.catchTag(browserSession(options.publicUrl, yield* asking), "KeyRefused", () => Effect.succeed(null))
    if (session === null) return HttpServerResponse.redirect("/auth/sign-in?return_to=/auth/device", { status: 303, headers: { "cache-control": "no-store" } })
    return page("Let a device in", codeForm(session.secret))
  })

const codeForm = (secret: Redacted.Redacted): Html =>
  html`<form method="post" action="/auth/device/check">${hidden({ csrf: csrfOf(secret) })}<p><label>The code that your device shows <input name="user_code" required maxlength="20" autocomplete="off" autofocus></label> <button>Go on</button></p></form>`

/** The fields of a form that a page of this server sent, and whose browser it was. */
const ownForm = (options: Authentication) =>
  Effect.gen(function* () {
    const fields = yield* form
    const session = yield* browserSession(options.publicUrl, { ...(yield* asking), csrf: fields.get("csrf") ?? "" })
    return { fields, ...session }
  })

const nobodyWaits = refuse(400, "invalid_grant", "no device waits with this code: it is mistyped, too old, or was answered already")

const check = (options: Authentication, limit: Limiter, guesses: Limiter) =>
  Effect.gen(function* () {
    yield* limit
    const { fields, secret, sid } = yield* ownForm(options)
    const userCode = yield* field(fields, "user_code")
    const [accounts, signIns] = [yield* Accounts, yield* SignIns]
    const found = yield* signIns.device(userCode)
    if (found === null) return yield* Effect.zipRight(guesses, nobodyWaits)
    const { name } = yield* accounts.person(sid)
    return page(
      "Let this device in?",
      html`<dl><dt>What asks</dt><dd>${found.client}</dd><dt>From</dt><dd>${found.address}</dd><dt>Since</dt><dd>${new Date(found.askedAt).toISOString()}</dd><dt>As</dt><dd>${name}</dd></dl><p>It will read and send what you may. Say no if you did not just start this yourself.</p><form method="post" action="/auth/device/decide">${hidden({ csrf: csrfOf(secret), user_code: userCode })}<button name="answer" value="yes">Yes, let it in</button> <button name="answer" value="no">No</button></form>`
    )
  })

const decide = (options: Authentication, guesses: Limiter) =>
  Effect.gen(function* () {
    const { fields, sid } = yield* ownForm(options)
    const userCode = yield* field(fields, "user_code")
    const answer = yield* field(fields, "answer")
    if (answer !== "yes" && answer !== "no") return yield* refuse(400, "invalid_request", "say yes or no")
    const [accounts, signIns] = [yield* Accounts, yield* SignIns]
    const { id } = yield* accounts.person(sid)
    if (!(yield* signIns.decide({ userCode, person: id, approve: answer === "yes" }))) return yield* Effect.zipRight(guesses, nobodyWaits)
    return page(answer === "yes" ? "The device is let in" : "The device is not let in", html`<p>You may close this window.</p>`)
  })
