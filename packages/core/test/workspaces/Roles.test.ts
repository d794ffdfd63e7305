import { may, mayWith, Right } from "han-core/Roles"
import { KeyScope, Role } from "han-core/Workspaces"
import { expect, it } from "vitest"

it("Roles have the rights of the table, and no others", () => {
  const table: { readonly [R in Right]: ReadonlyArray<Role> } = {
    content: ["owner", "admin", "member", "viewer"],
    numbers: ["owner", "admin", "member", "viewer", "analyst"],
    sync: ["owner", "admin", "member"],
    "forget.own": ["owner", "admin", "member"],
    "forget.any": ["owner", "admin"],
    people: ["owner", "admin", "member", "viewer", "analyst"],
    "keys.own": ["owner", "admin", "member", "viewer", "analyst"],
    manage: ["owner", "admin"],
    govern: ["owner"]
  }
  expect(Object.fromEntries(Right.literals.map((right) => [right, Role.literals.filter((role) => may(role, right))]))).toEqual(table)
})

it("A scope leaves only its own rights, and several add up", () => {
  const rights = (scopes: ReadonlyArray<KeyScope>, role: Role = "owner") => Right.literals.filter((right) => mayWith({ role, scopes }, right))
  expect(rights(["sync:write"])).toEqual(["sync"])
  expect(rights(["read"])).toEqual(["content", "numbers", "people"])
  expect(rights(["read"], "analyst")).toEqual(["numbers", "people"])
  expect(rights(["manage"], "member")).toEqual(["forget.own", "people", "keys.own"])
  expect(rights(KeyScope.literals)).toEqual(Right.literals)
  expect(rights([])).toEqual([])
})
