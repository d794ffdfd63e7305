import * as GraphqlHttp from "han-graphql/GraphqlHttp"
import { describe, expect, it } from "vitest"
import { transport } from "../../../../test/transportSchema.ts"

const url = "http://127.0.0.1/graphql"
const json = "application/json"
const response = "application/graphql-response+json"

const served = (limits?: Parameters<typeof transport>[0], options: Partial<GraphqlHttp.Options<string>> = {}) => {
  const { execution, seen } = transport(limits)
  const http = GraphqlHttp.make({ execution, ...options })
  const post = (body: unknown, headers: Record<string, string> = {}, more: RequestInit = {}) =>
    http.handle(
      new Request(url, {
        method: "POST",
        headers: { "content-type": json, ...headers },
        body: typeof body === "string" || body instanceof ReadableStream ? body : JSON.stringify(body),
        ...more
      }),
      "ada"
    )
  const ask = async (query: string, variables?: object) => (await post({ query, variables })).json()
  return { execution, seen, http, post, ask }
}

const until = async (done: () => boolean) => {
  for (let attempt = 0; attempt < 1000 && !done(); attempt++) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(done()).toBe(true)
}

/** The events of a stream of server-sent events, comments left out. */
async function* eventsOf(answer: Response): AsyncGenerator<{ readonly event: string; readonly data: string }> {
  let rest = ""
  const decoder = new TextDecoder()
  for await (const chunk of answer.body ?? []) {
    rest += decoder.decode(chunk, { stream: true })
    const parts = rest.split("\n\n")
    rest = parts.pop() ?? ""
    for (const part of parts) {
      const [, event] = /^event: (.*)$/m.exec(part) ?? []
      if (event !== undefined) yield { event, data: /^data: ?(.*)$/m.exec(part)?.[1] ?? "" }
    }
  }
}

describe("a request", () => {
  it("A request is answered, whatever its text", async () => {
    const { ask, post } = served()
    const odd = `quote " backslash \\ line\nfeed\u2028\u2029\0\u0007\ud800 \udfff \u{1F9EA}e\u0301 \ufeff </script>`
    expect(await ask("query ($text: String) { echo(text: $text) }", { text: odd })).toEqual({ data: { echo: odd } })
    expect(await ask(`{ echo(text: ${JSON.stringify(odd).replace(/\\ud800|\\udfff/g, "-")}) }`)).toEqual({ data: { echo: odd.replace(/\ud800|\udfff/g, "-") } })
    const long = await (await post({ query: "{ long(length: 2000000) }" })).text()
    expect(JSON.parse(long).data.long).toBe("é\u2028\0\ud800".repeat(500_000))
  })

  it("A request may carry variables that nobody declared, extensions, and nulls", async () => {
    const { post } = served()
    const body = { query: "query A { __typename } query B { context }", operationName: "A", variables: { connections: ["x"] }, extensions: { a: 1 }, id: 5 }
    expect(await (await post(body)).json()).toEqual({ data: { __typename: "Query" } })
    expect(await (await post({ query: "{ __typename }", operationName: null, variables: null, extensions: null })).json()).toEqual({
      data: { __typename: "Query" }
    })
    expect(await (await post({ query: 'mutation { set(text: "a") }' })).json()).toEqual({ data: { set: "a" } })
  })

  it("A request is answered in the media type that it likes best", async () => {
    const { post } = served()
    for (const [accept, type] of [
      [undefined, json],
      ["*/*", json],
      ["application/*", json],
      ["multipart/mixed;deferSpec=20220824,application/json", json],
      [`${response}, ${json};q=0.9`, response],
      [`${json}, ${response}`, json],
      [`${json};q=0.2, ${response};q=0.5`, response],
      [`${response};charset=utf-8`, response],
      ["text/html, */*;q=0.1", json]
    ] as const) {
      const answer = await post({ query: "{ __typename }" }, accept === undefined ? {} : { accept })
      expect([accept, answer.status, answer.headers.get("content-type")]).toEqual([accept, 200, `${type}; charset=utf-8`])
    }
    expect((await post({ query: "{ __typename }" }, { accept: "text/html" })).status).toBe(406)
  })

  it("A wrong request is 400 as application/graphql-response+json, and 200 as application/json where it is one", async () => {
    const { post } = served()
    for (const query of ["{", "{ nobody }", "query A { __typename } query B { __typename }", "query ($a: Int!) { echo }"]) {
      for (const [accept, status] of [
        [json, 200],
        [response, 400]
      ] as const) {
        const answer = await post({ query }, { accept })
        expect([query, accept, answer.status]).toEqual([query, accept, status])
        const { data, errors } = await answer.json()
        expect([data, errors.length > 0]).toEqual([undefined, true])
      }
    }
    // A field that failed is an answer.
    expect((await post({ query: "{ refused }" }, { accept: response })).status).toBe(200)
  })

  it("A body that is no request is refused, and the answer says why", async () => {
    const { http, post } = served()
    for (const [body, words] of [
      ["", "no JSON"],
      ["{", "no JSON"],
      [new Blob([new Uint8Array([0x22, 0xff, 0xfe, 0x22])]).stream(), "no JSON"],
      ["[".repeat(100_000), "no JSON"],
      [[{ query: "{ __typename }" }], "batches"],
      ["null", "no JSON object"],
      ['"x"', "no JSON object"],
      [{}, '"query" is missing'],
      [{ extensions: { persistedQuery: { version: 1, sha256Hash: "x" } } }, '"query" is missing'],
      [{ query: 5 }, '"query" is no string'],
      [{ query: "{ __typename }", variables: [] }, '"variables" is no object'],
      [{ query: "{ __typename }", variables: "{}" }, '"variables" is no object'],
      [{ query: "{ __typename }", operationName: 1 }, '"operationName" is no string'],
      [{ query: "{ __typename }", extensions: 1 }, '"extensions" is no object']
    ] as const) {
      const answer = await post(body)
      expect([words, answer.status, (await answer.json()).errors[0].message]).toEqual([words, 400, expect.stringContaining(words)])
    }
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/json; charset=latin1",
      "",
      "text/json"
    ])
      expect([type, (await post({ query: "{ __typename }" }, { "content-type": type })).status]).toEqual([type, 415])
    for (const type of ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
      expect([type, (await post({ query: "{ __typename }" }, { "content-type": type })).status]).toEqual([type, 200])
    expect((await post({ query: "{ __typename }" }, { "content-encoding": "gzip" })).status).toBe(415)
    expect((await http.handle(new Request(`${url}?query={__typename}`), "ada")).status).toBe(405)
  })

  it("A request that is too large or too slow is refused before it is read to its end", async () => {
    const { post } = served(undefined, { maxBodyBytes: 1000, bodyTimeoutMs: 100 })
    expect((await post({ query: "{ __typename }", operationName: null, extensions: { x: "x".repeat(1000) } })).status).toBe(413)
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled++
          controller.enqueue(new Uint8Array(100))
        }
      },
      { highWaterMark: 0 }
    )
    expect((await post(endless)).status).toBe(413)
    expect(pulled).toBeLessThan(20)
    let cancelled = false
    const silent = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) })
    expect((await post(silent)).status).toBe(408)
    expect(cancelled).toBe(true)
  })
})

describe("errors", () => {
  it("Errors are shown when they are meant for a client, and are otherwise only logged", async () => {
    const { ask, seen } = served()
    const first = async (query: string) => (await ask(query)).errors[0]
    expect(await first("{ told }")).toMatchObject({
      message: "the store said no",
      path: ["told"],
      extensions: { code: "StoreError" },
      locations: [{ line: 1, column: 3 }]
    })
    expect(await first("{ asEffect }")).toMatchObject({ message: "the effect said no", extensions: { code: "StoreError" } })
    expect(await first("{ refused }")).toMatchObject({ message: "refused in words", extensions: { code: "WORDS" } })
    expect(seen.defects).toEqual([])
    const { extensions, message, path } = await first("{ broken }")
    expect([message, path, extensions.code]).toEqual(["internal error", ["broken"], "INTERNAL"])
    expect(seen.defects).toEqual([{ defect: new Error("a secret of the house"), id: extensions.id }])
    expect(JSON.stringify(await ask("{ nothing }"))).not.toContain("non-nullable")
  })

  it("Errors of a client that has gone are nobody's", async () => {
    const { post, seen } = served()
    const controller = new AbortController()
    const asked = post({ query: "{ never }" }, {}, { signal: controller.signal })
    await until(() => seen.contexts === 1)
    controller.abort()
    await asked
    expect(seen.defects).toEqual([])
  })
})

describe("a subscription", () => {
  const stream = { accept: "text/event-stream" }

  it("A subscription needs a stream", async () => {
    const { post, seen } = served()
    const answer = await post({ query: "subscription { emitted }" }, { accept: "*/*" })
    expect((await answer.json()).errors[0].message).toContain("text/event-stream")
    expect(seen.sources.size).toBe(0)
  })

  it("A subscription comes as events, and ends with its source", async () => {
    const { execution, post } = served()
    const answer = await post({ query: "subscription { counted(to: 3) }" }, stream)
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8")
    const events = []
    for await (const event of eventsOf(answer)) events.push(event)
    expect(events).toEqual([
      ...["1", "2", "3"].map((counted) => ({ event: "next", data: JSON.stringify({ data: { counted } }) })),
      { event: "complete", data: "" }
    ])
    expect(execution.live()).toBe(0)
  })

  it("A subscription has a context of its own for each event", async () => {
    const { post, seen } = served()
    const events = eventsOf(await post({ query: "subscription { contexts }" }, stream))
    const numbers = []
    await until(() => seen.emitters.size === 1)
    for (let i = 0; i < 3; i++) {
      for (const emit of seen.emitters) emit(i)
      numbers.push(JSON.parse((await events.next()).value?.data ?? "").data.contexts)
    }
    expect(new Set(numbers).size).toBe(3)
    await events.return(undefined)
  })

  it("A subscription ends at its source when the client goes, whatever the source waits for", async () => {
    const { execution, post, seen } = served()
    for (const field of ["emitted", "streamed", "generated"]) {
      for (let round = 0; round < 50; round++) {
        const answer = await post({ query: `subscription { ${field} }` }, stream)
        const reader = answer.body?.getReader()
        if (round % 2 === 0) void reader?.read()
        await reader?.cancel()
      }
      await until(() => seen.sources.size === 0 && execution.live() === 0)
    }
  })

  it("A subscription hides what its source says when it breaks", async () => {
    const { post, seen } = served()
    const events = []
    for await (const { data, event } of eventsOf(await post({ query: "subscription { broken }" }, stream))) events.push([event, data])
    expect(events.map(([event]) => event)).toEqual(["next", "next", "complete"])
    expect(events[1]?.[1]).toContain("internal error")
    expect(seen.defects.map(({ defect }) => defect)).toEqual([new Error("a secret of the source")])
    const refused = await post({ query: "subscription { refused }" }, stream)
    expect([refused.status, (await refused.json()).errors[0].message]).toEqual([400, "not this one"])
  })

  it("A subscription asks for no more than the client takes, and cuts off one that takes nothing", async () => {
    const { execution, post, seen } = served(undefined, { keepAliveMs: 50 })
    const answer = await post({ query: "subscription { counted(to: 1000000, size: 1000) }" }, stream)
    const before = seen.contexts
    await until(() => execution.live() === 0)
    expect(seen.contexts - before).toBeLessThan(10)
    await expect(answer.text()).rejects.toThrow()
  })

  it("A subscription begins with its headers and a comment, before anything happens", async () => {
    const { http, post } = served(undefined, { keepAliveMs: 3_600_000 })
    const answer = await post({ query: "subscription { emitted }" }, stream)
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8")
    const reader = answer.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(":\n\n")
    http.close()
    await reader?.cancel()
  })

  it("A subscription is kept open by comments, and ended in good order when the server ends", async () => {
    const { execution, http, post } = served(undefined, { keepAliveMs: 5, maxStreams: 1 })
    const answer = await post({ query: "subscription { emitted }" }, stream)
    const reader = answer.body?.getReader()
    for (let n = 0; n < 3; n++) expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(":\n\n")
    expect((await post({ query: "subscription { emitted }" }, stream)).status).toBe(503)
    http.close()
    let rest = ""
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) rest += new TextDecoder().decode(next.value)
    expect(rest.endsWith("event: complete\ndata:\n\n")).toBe(true)
    await until(() => execution.live() === 0)
  })

  it("Any operation may be asked for as a stream of events", async () => {
    const { post } = served()
    const events = []
    for await (const { data, event } of eventsOf(await post({ query: "{ __typename }" }, stream))) events.push([event, data])
    expect(events).toEqual([
      ["next", '{"data":{"__typename":"Query"}}'],
      ["complete", ""]
    ])
  })
})
