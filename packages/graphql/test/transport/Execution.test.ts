import * as Execution from "han-graphql/Execution"
import { expect, it } from "vitest"
import { source } from "../../../../test/transportSchema.ts"

const { signal } = new AbortController()

it("the same query of one viewer is answered once for all who ask meanwhile, and never for another viewer", async () => {
  const { schema, seen } = source()
  const asked: Array<string> = []
  const gates: Array<() => void> = []
  const execution = Execution.make<{ readonly name: string; readonly page: number }>({
    schema,
    joinedAs: ({ name }) => name,
    contextOf: async ({ viewer }) => {
      asked.push(viewer.name)
      await new Promise<void>((resolve) => gates.push(resolve))
      return { number: viewer.page, signal }
    }
  })
  const ask = (name: string, page: number) => {
    const operation = execution.prepare({ query: "{ context }" })
    if (!("execute" in operation)) throw new Error("refused")
    return operation.execute({ viewer: { name, page }, signal })
  }
  const [ada, bob, ...crowd] = [ask("ada", 1), ask("bob", 2), ask("ada", 3), ask("ada", 3), ask("bob", 4)]
  // Each viewer's first run; the others wait for the run after it.
  expect(asked).toEqual(["ada", "bob"])
  for (const open of gates.splice(0)) open()
  expect(await Promise.all([ada, bob])).toEqual([{ data: { context: 1 } }, { data: { context: 2 } }])
  await new Promise((resolve) => setImmediate(resolve))
  for (const open of gates.splice(0)) open()
  expect(await Promise.all(crowd)).toEqual([{ data: { context: 3 } }, { data: { context: 3 } }, { data: { context: 4 } }])
  expect(asked).toEqual(["ada", "bob", "ada", "bob"])
  expect(seen.defects).toEqual([])
})

it("Without a name for viewers each request is answered on its own, and mutations always are", async () => {
  const count = async (joinedAs: (() => string) | undefined, query: string) => {
    let contexts = 0
    const execution = Execution.make<null>({ schema: source().schema, joinedAs, contextOf: () => ({ number: ++contexts, signal }) })
    const ask = () => {
      const operation = execution.prepare({ query })
      if (!("execute" in operation)) throw new Error("refused")
      return operation.execute({ viewer: null, signal })
    }
    await Promise.all(Array.from({ length: 5 }, ask))
    return contexts
  }
  expect(await count(undefined, "{ context }")).toBe(5)
  expect(await count(() => "all", "{ context }")).toBe(2)
  expect(await count(() => "all", 'mutation { set(text: "x") }')).toBe(5)
})
