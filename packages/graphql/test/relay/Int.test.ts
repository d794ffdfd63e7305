import {
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  getNamedType,
  graphqlSync,
  isInputObjectType,
  isInterfaceType,
  isObjectType
} from "graphql"
import { describe, expect, it } from "vitest"
import { int, listOf, text } from "../../src/context/Field.ts"
import { Int } from "../../src/relay/Int.ts"
import { schema } from "../fullSchema.ts"

const most = Number.MAX_SAFE_INTEGER
const ours = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: "Query",
    fields: {
      number: {
        ...int<Record<string, unknown>>("A number.", (source, { of }: { readonly of?: number }) => of ?? source["number"]),
        args: { of: { type: Int } }
      },
      texts: listOf<Record<string, unknown>>(GraphQLString, "Texts."),
      later: text<Record<string, unknown>>("A text that takes its time.", async (source) => source["text"])
    }
  })
})
const ask = (rootValue: unknown, source = "{ number }", variableValues = {}) => graphqlSync({ schema: ours, source, rootValue, variableValues })

describe("Int", () => {
  it("Int gives whole numbers of 53 bits, and the nearest of them for sums beyond", () => {
    for (const [value, given] of [
      [0, 0],
      [-(2 ** 40), -(2 ** 40)],
      [most, most],
      [2 ** 60, most],
      [-1e300, -most],
      [null, null]
    ])
      expect(ask({ number: value })).toEqual({ data: { number: given } })
    for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, "1", true, {}]) {
      expect(ask({ number: value }).errors?.[0]?.message).toContain("Int cannot represent")
    }
  })

  it("Int takes the same numbers as literals and as variables, and nothing else", () => {
    const taken = (value: unknown) => [ask({}, `{ number(of: ${JSON.stringify(value)}) }`), ask({}, "query ($of: Int) { number(of: $of) }", { of: value })]
    for (const value of [0, -1, 2 ** 31, -(2 ** 40), most]) expect(taken(value)).toEqual(Array(2).fill({ data: { number: value } }))
    for (const value of [2 ** 53, -(2 ** 60), 1.5, "1", true, []]) for (const { errors } of taken(value)) expect(errors).toHaveLength(1)
  })

  it("Int is the only scalar of whole numbers in the schema", () => {
    const strays = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) || isInterfaceType(type)
        ? Object.values(type.getFields()).flatMap((field) => [field.type, ...field.args.map((arg) => arg.type)])
        : isInputObjectType(type)
          ? Object.values(type.getFields()).map((field) => field.type)
          : []
    )
    expect(strays.length).toBeGreaterThan(1000)
    expect(strays.filter((type) => getNamedType(type) === GraphQLInt)).toEqual([])
    expect(schema.getType("Int")).toBe(Int)
  })
})

it("Texts, lists of texts and texts that come later are well-formed", async () => {
  expect(ask({ texts: ["a\ud800", null, "b"] }, "{ texts }").data).toEqual({ texts: null })
  expect(ask({ texts: ["a\ud800", "\udc00b"] }, "{ texts }").data).toEqual({ texts: ["a\ufffd", "\ufffdb"] })
  const resolve = ours.getQueryType()?.getFields()["later"]?.resolve
  expect(await Reflect.apply(resolve ?? (() => {}), undefined, [{ text: "a\ud800" }])).toBe("a\ufffd")
})

it("han leaves another schema in the same process as it was", () => {
  expect(schema.getQueryType()?.getFields()).toHaveProperty("sessions")
  const other = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: "Query",
      fields: {
        int: { type: GraphQLInt, args: { of: { type: GraphQLInt } } },
        text: { type: GraphQLString },
        ids: { type: new GraphQLList(new GraphQLNonNull(GraphQLID)) },
        float: { type: GraphQLFloat }
      }
    })
  })
  const rootValue = { int: 2 ** 40, text: "a\ud800", ids: ["\udc00", 7], float: 0.5 }
  const { data, errors } = graphqlSync({ schema: other, source: "{ int text ids float }", rootValue })
  expect(data).toEqual({ int: null, text: "a\ud800", ids: ["\udc00", "7"], float: 0.5 })
  expect(errors?.map(({ message }) => message)).toEqual([`Int cannot represent non 32-bit signed integer value: ${2 ** 40}`])
  expect(graphqlSync({ schema: other, source: `{ int(of: ${2 ** 40}) }`, rootValue }).errors).toHaveLength(1)
})
