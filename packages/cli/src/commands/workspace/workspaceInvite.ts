import * as Effect from "effect/Effect"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { plainLine } from "../../terminal/PlainText.ts"
import { asJson, atServer } from "./workspaceServer.ts"

export interface Options {
  readonly role: string
  /** The code of an invite to another workspace, to be redeemed. */
  readonly redeem: string | undefined
  /** The id of an invite, to be revoked. */
  readonly revoke: string | undefined
  readonly json: boolean
}

export const run = ({ json, redeem, revoke, role }: Options, host: CliEnvironment): Promise<number> =>
  atServer(host, (ask) =>
    Effect.gen(function* () {
      if (redeem !== undefined) {
        const { redeemInvite: joined } = yield* ask<{ readonly redeemInvite: { readonly slug: string; readonly role: string } }>(
          "mutation ($code: String!) { redeemInvite(code: $code) { slug role } }",
          { code: redeem }
        )
        return `You are ${joined.role.toLowerCase()} of ${plainLine(joined.slug)} now.\n`
      }
      if (revoke !== undefined) {
        yield* ask("mutation ($id: ID!) { revokeInvite(id: $id) }", { id: revoke })
        return "The invite is good for nobody any more.\n"
      }
      const { createInvite: made } = yield* ask<{
        readonly createInvite: { readonly code: string; readonly invite: { readonly id: string; readonly expiresAt: string } }
      }>("mutation ($role: Role!) { createInvite(role: $role) { code invite { id expiresAt } } }", { role: role.toUpperCase() })
      const { code, invite } = made
      return json ? asJson({ code, id: invite.id, role, expiresAt: invite.expiresAt }) : `${code}\n`
    })
  )
