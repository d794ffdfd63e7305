import * as Fs from "node:fs"
import { buildSchema, type GraphQLInputType, getNamedType, isEnumType, isListType, isNonNullType, parse, typeFromAST } from "graphql"
import { afterAll, beforeAll, expect, it } from "vitest"
import { allDocuments, type Compiled, compiled, ourSchema } from "../relay/project.ts"
import { type Answer, type GraphqlServer, graphqlServer, type Someone } from "./graphqlServer.ts"
import { fill } from "./workspaceOf.ts"

const schema = buildSchema(Fs.readFileSync(ourSchema, "utf8"))
let server: GraphqlServer
let ada: Someone
let project: Compiled
beforeAll(async () => {
  project = compiled(allDocuments, ourSchema)
  server = await graphqlServer("contract")
  ada = await server.someone("acme", "Ada")
  await fill(server, ada, "acme", "rocket", "github.com/acme/app")
}, 120_000)
afterAll(() => server.close())

/** A value for a variable that has to have one. */
const fitting = (name: string, type: GraphQLInputType): unknown => {
  const named = getNamedType(type)
  const inner = isNonNullType(type) ? type.ofType : type
  if (isListType(inner)) return [fitting(name, inner.ofType as GraphQLInputType)]
  if (isEnumType(named)) return named.getValues()[0]?.name
  if (named.name === "Boolean") return false
  if (named.name === "Int") return 3
  return /id$/i.test(name) ? "Session:acme-session-0" : "rocket"
}

/** The operations of a kind, as a client's build sends them, with variables for what they must have. */
const operations = (kind: string) =>
  [...project.requests.values()].flatMap(({ params }) => {
    const text = params.text ?? ""
    const [operation] = parse(text).definitions.filter((definition) => definition.kind === "OperationDefinition")
    if (operation?.operation !== kind) return []
    const variables = (operation.variableDefinitions ?? []).flatMap(({ defaultValue, type, variable }) => {
      const input = typeFromAST(schema, type) as GraphQLInputType
      return isNonNullType(input) && defaultValue === undefined ? [[variable.name.value, fitting(variable.name.value, input)] as const] : []
    })
    return [{ name: params.name, text, variables: Object.fromEntries(variables) }]
  })

/** The codes of the errors beside an answer. */
const codesOf = ({ errors = [] }: Answer): ReadonlyArray<string> => [...new Set<string>(errors.map((error: Answer) => error.extensions?.code ?? error.message))]

it("Every question of the contract's clients is answered by a team server: nothing takes the whole answer, and only the machine's own is an error", async () => {
  const queries = operations("query")
  expect(queries.length).toBeGreaterThan(25)
  for (const { name, text, variables } of queries) {
    const answer = await server.ask(ada.text, text, variables)
    expect([name, answer.data === null || answer.data === undefined, codesOf(answer).filter((code) => code !== "OnlyOnYourMachine")]).toEqual([name, false, []])
  }
}, 60_000)

it("Changes of a machine are refused as what only that machine can do", async () => {
  const theirs = operations("mutation").filter(({ text }) => /Plugin|ConfigDir|startMemoryQuery/.test(text))
  expect(theirs.length).toBeGreaterThan(3)
  for (const { name, text, variables } of theirs) expect([name, codesOf(await server.ask(ada.text, text, variables))]).toEqual([name, ["OnlyOnYourMachine"]])
})

it("Every subscription of the contract's clients stands on a team server, but for those of a machine", async () => {
  const client = server.socket(ada.text)
  const wrong: Array<string> = []
  let done = 0
  const subscriptions = operations("subscription")
  expect(subscriptions.length).toBeGreaterThan(8)
  for (const { name, text, variables } of subscriptions) {
    const isOfMachine = /memoryAgent|syncStatus/.test(text)
    client.subscribe(
      { query: text, variables },
      {
        next: (event) => {
          const code = codesOf(event)[0]
          if (isOfMachine ? code !== "OnlyOnYourMachine" : code !== undefined) wrong.push(`${name}: ${code}`)
        },
        error: (error) => wrong.push(`${name}: ${JSON.stringify(error)}`),
        complete: () => {
          if (isOfMachine) done++
          else wrong.push(`${name}: it ended`)
        }
      }
    )
  }
  // What is asked last is answered when all before have been begun.
  const last = subscriptions.filter(({ text }) => /memoryAgent|syncStatus/.test(text)).length
  for (; done < last; ) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(wrong).toEqual([])
  await client.dispose()
}, 30_000)
