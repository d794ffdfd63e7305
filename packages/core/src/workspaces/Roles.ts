/**
 * What people of a workspace may do, by their role and by what they come with.
 *
 * @example
 * ```ts
 * import { may, mayWith } from "han-core/Roles"
 *
 * console.log(may("analyst", "numbers"), may("analyst", "content")) // true, false
 * // A key of an owner that only sends sessions reads nothing.
 * console.log(mayWith({ role: "owner", scopes: ["sync:write"] }, "content")) // false
 * ```
 */

import * as Schema from "effect/Schema"
import type { KeyScope, Role } from "./Workspaces.ts"

/**
 * `content`: to read, search and export any session of the workspace · `numbers`: usage, gates and activity by project, model and author · `sync`: to send sessions ·
 * `forget.own`, `forget.any`: to delete a session that one sent, or anybody's · `people`: to see who is a member · `keys.own`: to make and revoke keys of one's own ·
 * `manage`: invites, members, others' keys, organisations, settings, the audit log · `govern`: billing, roles of owners, deletion of the workspace.
 */
export const Right = Schema.Literal("content", "numbers", "sync", "forget.own", "forget.any", "people", "keys.own", "manage", "govern")
export type Right = typeof Right.Type

const everyone: ReadonlyArray<Right> = ["numbers", "people", "keys.own"]
const reader: ReadonlyArray<Right> = [...everyone, "content"]
const writer: ReadonlyArray<Right> = [...reader, "sync", "forget.own"]
const admin: ReadonlyArray<Right> = [...writer, "forget.any", "manage"]

/** The rights of each role. */
export const rightsOf: { readonly [R in Role]: ReadonlyArray<Right> } = {
  owner: [...admin, "govern"],
  admin,
  member: writer,
  viewer: reader,
  analyst: everyone
}

/** The rights that a scope leaves; whoever signs in without a key has all scopes. */
const rightsWith: { readonly [S in KeyScope]: ReadonlyArray<Right> } = {
  "sync:write": ["sync"],
  read: ["content", "numbers", "people"],
  manage: ["forget.own", "forget.any", "people", "keys.own", "manage", "govern"]
}

/** Tells whether somebody of that role may do it. */
export const may = (role: Role, right: Right): boolean => rightsOf[role].includes(right)

/** Tells whether somebody of that role may do it with these scopes. */
export const mayWith = ({ role, scopes }: { readonly role: Role; readonly scopes: ReadonlyArray<KeyScope> }, right: Right): boolean =>
  may(role, right) && scopes.some((scope) => rightsWith[scope].includes(right))
