import * as Fs from "node:fs"
import {
  buildSchema,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo
} from "graphql"
import { beforeAll, describe, expect, it } from "vitest"
import { allDocuments, type Compiled, compiled, contractDocuments, contractSchema, ourSchema } from "./project.ts"

const schemaOf = (path: string): GraphQLSchema => buildSchema(Fs.readFileSync(path, "utf8"))
/** What is sent for the operations of a project. */
const operationsOf = ({ requests }: Compiled) => [...requests.values()].map(({ params }) => ({ name: params.name, document: parse(params.text ?? "") }))

/** `Type.field` and `Type.field(argument)` of everything that operations ask for. What is asked of an interface is asked of all that have it. */
const coverage = (schema: GraphQLSchema, project: Compiled): ReadonlySet<string> => {
  const covered = new Set<string>()
  for (const { document } of operationsOf(project)) {
    const types = new TypeInfo(schema)
    visit(
      document,
      visitWithTypeInfo(types, {
        Field: ({ arguments: given = [], name }) => {
          const parent = types.getParentType()
          if (!isCompositeType(parent)) return
          const owners = isInterfaceType(parent) ? [parent, ...schema.getPossibleTypes(parent)] : [parent]
          for (const owner of owners) {
            covered.add(`${owner.name}.${name.value}`)
            for (const argument of given) covered.add(`${owner.name}.${name.value}(${argument.name.value})`)
          }
        }
      })
    )
  }
  return covered
}

const everything = (schema: GraphQLSchema): ReadonlyArray<string> =>
  Object.values(schema.getTypeMap())
    .filter((type) => (isObjectType(type) || isInterfaceType(type)) && !isIntrospectionType(type))
    .flatMap((type) => ("getFields" in type ? Object.values(type.getFields()).map((field) => ({ type, field })) : []))
    .flatMap(({ field, type }) => [
      `${type.name}.${field.name}`,
      ...("args" in field ? field.args.map((argument: { readonly name: string }) => `${type.name}.${field.name}(${argument.name})`) : [])
    ])

/** With the folder that a client has: its documents and the schema. */
const projects = [
  { name: "all documents, against han's schema", documents: allDocuments, schema: ourSchema },
  // Where the contract does not stand beside the repository, there is nothing to hold documents to.
  ...(Fs.existsSync(contractSchema) ? [{ name: "the contract's documents, against the contract", documents: contractDocuments, schema: contractSchema }] : [])
]

describe.each(projects)("$name", ({ documents, schema: path }) => {
  const schema = schemaOf(path)
  let project: Compiled
  beforeAll(() => {
    project = compiled(documents, path)
  })

  it("Documents compile to operations that the server takes", () => {
    const operations = operationsOf(project)
    expect(operations.length).toBeGreaterThan(40)
    const errors = operations.flatMap(({ document, name }) => validate(schema, document).map(({ message }) => `${name}: ${message}`))
    expect(errors).toEqual([])
  })

  it("Documents ask for every field with every argument", () => {
    const covered = coverage(schema, project)
    expect(everything(schema).filter((one) => !covered.has(one))).toEqual([])
  })

  it("Documents name every type of the interfaces", () => {
    const named = new Set<string>()
    for (const { document } of operationsOf(project)) visit(document, { NamedType: ({ name }) => void named.add(name.value) })
    const abstract = Object.values(schema.getTypeMap()).filter(isInterfaceType)
    const missing = abstract.flatMap((type) => schema.getPossibleTypes(type).filter(({ name }) => !named.has(getNamedType(schema.getType(name)!).name)))
    expect(missing).toEqual([])
  })
})

it("A compiled operation is sent in the form that dashboards send", () => {
  const { requests } = compiled(contractDocuments, ourSchema)
  const text = (name: string) => requests.get(name)?.params.text ?? ""
  expect(text("SessionPageQuery")).toContain("__isMessage: __typename")
  expect(text("SessionPageQuery")).toContain("__isUserMessage: __typename")
  expect(text("SessionMessagesPaginationQuery")).toContain("$filter: MessageFilter = {_or: [{toolName: {_isNull: true}}")
  // Clients send `connections` all the same.
  expect(text("SessionMessagesSubscription")).not.toContain("connections")
})

it("the contract's documents become the same programs against either schema", () => {
  const [ours, theirs] = [compiled(contractDocuments, ourSchema), ...(Fs.existsSync(contractSchema) ? [compiled(contractDocuments, contractSchema)] : [])]
  expect(ours.requests.size).toBeGreaterThan(40)
  if (theirs !== undefined) expect([...ours.requests]).toEqual([...theirs.requests])
})
