import { GraphQLError } from "graphql"
import type { SessionId } from "han-core/Entry"
import { mayWith, type Right } from "han-core/Roles"
import type { Principal } from "han-core/Workspaces"

/** Who may see a field: whoever has a right; `open`: everybody who was let in; `machine`: whoever asks the machine that the field is about. */
export type Rule = Right | "open" | "machine"

/** What the viewer of a request may see. */
export interface Access {
  /** The error of a field that is kept from the viewer. It depends on the viewer and the rule alone, never on what is stored. */
  readonly refusal: (rule: Rule, field: string) => GraphQLError | null
  /** Told when a session's conversation is read; absent where nobody wants to know. */
  readonly viewed?: ((session: { readonly id: SessionId; readonly author: string | null }) => void) | undefined
}

/** The access of the one person of a machine. */
export const onThisMachine: Access = { refusal: () => null }

/** What somebody may see on a team server. `refused` is told of fields that were kept back for want of a right, `viewed` of conversations that were read. */
export const onATeamServer = (
  principal: Pick<Principal, "role" | "scopes">,
  { refused, viewed }: { readonly refused: (field: string) => void; readonly viewed: Access["viewed"] }
): Access => ({
  refusal: (rule, field) => {
    if (rule === "open") return null
    if (rule === "machine")
      return new GraphQLError("only the machine itself can answer this; ask the coordinator there", { extensions: { code: "OnlyOnYourMachine" } })
    if (mayWith(principal, rule)) return null
    refused(field)
    return new GraphQLError(`a ${principal.role} with ${principal.scopes.join(", ") || "no scope"} has not the right "${rule}"`, {
      extensions: { code: "NotAllowed" }
    })
  },
  viewed
})
