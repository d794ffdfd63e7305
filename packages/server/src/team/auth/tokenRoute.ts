import * as HttpRouter from "@effect/platform/HttpRouter"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Accounts } from "han-core/Accounts"
import { type Grant, type GrantRefused, lifetimes, SignIns } from "han-core/SignIns"
import type { StoreError } from "han-core/StoreError"
import type { ApiKeys } from "han-core/Workspaces"
import { accessSeconds } from "./AccessTokens.ts"
import { asJson, clientAddress, field, form, json, type Limiter, originHere, type Refused, refuse } from "./answers.ts"
import type { Authentication } from "./authenticate.ts"

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

/** The paths at which command lines get tokens: `/auth/token` (RFC 6749, 7636, 8628), `/auth/device`, and `/auth/revoke` (RFC 7009). They have no secret of their own. */
export const tokenRoute = (options: Authentication, limit: Limiter): HttpRouter.HttpRouter<never, Accounts | ApiKeys | SignIns> =>
  HttpRouter.empty.pipe(
    HttpRouter.post("/auth/token", asJson(token(options, limit))),
    HttpRouter.post("/auth/device", asJson(device(options, limit))),
    HttpRouter.post("/auth/revoke", asJson(revoke))
  )

const token = ({ publicUrl, tokens }: Authentication, limit: Limiter) =>
  Effect.gen(function* () {
    yield* originHere(publicUrl)
    const fields = yield* form
    const granted = yield* Effect.catchTag(grantOf(fields), "GrantRefused", (error) =>
      Effect.gen(function* () {
        if (error.replayed) yield* Effect.logWarning("a token or a code that is good once came again; its sign-in was ended")
        // Those who only wait are as often here as they were told.
        if (error.code !== "authorization_pending" && error.code !== "slow_down") yield* limit
        return yield* refuse(400, error.code, messages[error.code])
      })
    )
    return json({
      access_token: yield* tokens.sign({ sid: granted.sid, person: granted.person }),
      token_type: "Bearer",
      expires_in: accessSeconds,
      refresh_token: Redacted.value(granted.refreshToken)
    })
  })

const messages: Readonly<Record<GrantRefused["code"], string>> = {
  invalid_grant: "this code or token is not good, or not good any more; sign in again",
  authorization_pending: "nobody has said yes yet",
  slow_down: "you ask too often; wait five seconds longer",
  access_denied: "the person said no",
  expired_token: "nobody said yes in time; begin again"
}

const grantOf = (fields: URLSearchParams): Effect.Effect<Grant, GrantRefused | Refused | StoreError, SignIns> =>
  Effect.gen(function* () {
    const signIns = yield* SignIns
    const secret = (name: string) => Effect.map(field(fields, name), Redacted.make)
    const type = yield* field(fields, "grant_type")
    switch (type) {
      case "authorization_code":
        return yield* signIns.redeem({
          code: yield* secret("code"),
          verifier: yield* field(fields, "code_verifier"),
          redirectUri: yield* field(fields, "redirect_uri")
        })
      case "refresh_token":
        return yield* signIns.refresh(yield* secret("refresh_token"))
      case deviceGrant:
        return yield* signIns.poll(yield* secret("device_code"))
      default:
        return yield* refuse(400, "unsupported_grant_type", "this server knows authorization_code, refresh_token and the device code")
    }
  })

const device = ({ publicUrl }: Authentication, limit: Limiter) =>
  Effect.gen(function* () {
    yield* limit
    const origin = yield* originHere(publicUrl)
    const fields = yield* form
    const client = (fields.get("client") ?? "han").slice(0, 100)
    const address = yield* clientAddress
    const { deviceCode, userCode } = yield* Effect.flatMap(SignIns, (signIns) => signIns.beginDevice({ client, address }))
    return json({
      device_code: Redacted.value(deviceCode),
      user_code: userCode,
      // Without the code in it: whoever approves has typed it from their own device (RFC 8628 5.4).
      verification_uri: `${origin}/auth/device`,
      expires_in: lifetimes.device,
      interval: lifetimes.deviceInterval
    })
  })

const revoke = Effect.gen(function* () {
  const given = yield* field(yield* form, "token")
  yield* Effect.flatMap(SignIns, (signIns) => signIns.endGrant(Redacted.make(given)))
  // The same for a token that was never one (RFC 7009 2.2).
  return json({})
})
