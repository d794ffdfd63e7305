import { GraphQLError } from "graphql"
import type { SessionId } from "han-core/Entry"
import type { Session } from "han-core/Session"

/** `Typename:` and what the type makes of the rest. Not base64, as of `graphql-relay`: clients of the contract make and read such ids themselves. */
export const globalId = (typename: string, raw: string): string => `${typename}:${raw}`

/** Both parts of an id. Fails with what is wrong with it. */
export const parseGlobalId = (id: string): { readonly typename: string; readonly raw: string } => {
  const colon = id.indexOf(":")
  if (colon <= 0 || colon === id.length - 1) {
    throw new GraphQLError(`Invalid global ID format: "${id.slice(0, 80)}"; it should be "Typename:id"`, { extensions: { code: "GlobalIdInvalid" } })
  }
  return { typename: id.slice(0, colon), raw: id.slice(colon + 1) }
}

/** `Session:<directory>:<id>`, without the directory for a session that never said where it worked. */
export const sessionGlobalId = ({ cwd, id }: Pick<Session, "cwd" | "id">): string => globalId("Session", cwd === null ? id : `${cwd}:${id}`)

/** The session's own id from any form of it: bare, `Session:<id>`, `Session:<directory>:<id>`. */
export const sessionIdOf = (id: string): SessionId => (id.startsWith("Session:") ? (id.split(":").at(-1) ?? id) : id) as SessionId

/** The part of an id behind its type's prefix; the whole where it has none. */
export const rawIdOf = (typename: string, id: string): string => (id.startsWith(`${typename}:`) ? id.slice(typename.length + 1) : id)
