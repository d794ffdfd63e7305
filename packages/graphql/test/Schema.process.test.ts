import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType, isSpecifiedScalarType, lexicographicSortSchema, printSchema } from "graphql"
import { describe, expect, it } from "vitest"
import { schema } from "./fullSchema.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const file = join(root, "packages/graphql/schema.graphql")
const contract = join(root, "fixtures/contract/check-schema.mjs")

describe("the schema", () => {
  it("The printed schema is the one that is kept in the repository", () => {
    const printed = `${printSchema(lexicographicSortSchema(buildSchema(printSchema(schema))))}\n`
    expect(readFileSync(file, "utf8") === printed, "packages/graphql/schema.graphql is stale; `npm run print-schema` writes it").toBe(true)
  })

  it("The schema describes the meaning of everything in it", () => {
    const silent: Array<string> = []
    const note = (name: string, description: string | null | undefined) => {
      if (description === null || description === undefined || description.trim() === "") silent.push(name)
    }
    for (const type of Object.values(schema.getTypeMap())) {
      if (type.name.startsWith("__") || isSpecifiedScalarType(type)) continue
      note(type.name, type.description)
      if (isEnumType(type)) for (const value of type.getValues()) note(`${type.name}.${value.name}`, value.description)
      if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) note(`${type.name}.${field.name}`, field.description)
      if (!isObjectType(type) && !isInterfaceType(type)) continue
      for (const field of Object.values(type.getFields())) {
        note(`${type.name}.${field.name}`, field.description)
        for (const argument of field.args) note(`${type.name}.${field.name}(${argument.name})`, argument.description)
      }
    }
    expect(silent).toEqual([])
  })

  // The clients that were built for it are tested against a running coordinator.
  it("The schema holds the contract that clients were built for", () => {
    const { status, stdout } = spawnSync("node", [contract, file], { cwd: root, encoding: "utf8" })
    expect([stdout.trim(), status]).toEqual(["the contract holds", 0])
  })
})
