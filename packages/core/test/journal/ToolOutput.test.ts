import { Buffer } from "node:buffer"
import { describe, expect, it } from "vitest"
import { decodeEntry } from "../../src/harness/Decode.ts"
import { pointersOf } from "../../src/harness/OutputPointers.ts"
import { type Entry, SessionId, type Transcript } from "../../src/journal/Entry.ts"
import { outputText, searchedOutputBytes } from "../../src/journal/ToolOutput.ts"
import * as Message from "../../src/sessions/Message.ts"

const id = "11111111-1111-4111-8111-000000000001"
const other = "11111111-1111-4111-8111-000000000002"
const transcript: Transcript = { machine: "m", source: "claude-code", sessionId: SessionId.make(id), kind: "main", agentId: null, generation: 1 }
const entryOf = (record: object): Entry => ({ line: 0, offset: 0, bytes: Buffer.from(JSON.stringify(record)) })
const result = (content: unknown, toolUseResult?: unknown) => ({
  type: "user",
  uuid: "u1",
  message: { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content }] },
  ...(toolUseResult !== undefined && { toolUseResult })
})
const pointers = (record: object) => {
  const entry = entryOf(record)
  return pointersOf(transcript, decodeEntry(transcript, entry)).map(({ name, own, path }) => (own ? name : `not ${path}`))
}
const found = (record: object) => Message.searchTextOf(decodeEntry(transcript, entryOf(record)))?.tool
const folder = `/home/x/.claude/projects/-work/${id}/tool-results`

describe("what a line points to", () => {
  it("A line points to a persisted output by its text or by the client's record, and once by both", () => {
    const text = `<persisted-output>\nOutput too large (41.1KB). Full output saved to: ${folder}/b1.txt\n\nPreview (first 2KB):\nline\n</persisted-output>`
    expect(pointers(result(text))).toEqual(["b1.txt"])
    expect(pointers(result("short", { stdout: "short", persistedOutputPath: `${folder}/b1.txt`, persistedOutputSize: 5 }))).toEqual(["b1.txt"])
    expect(pointers(result(text, { stdout: "line", persistedOutputPath: `${folder}/b1.txt` }))).toEqual(["b1.txt"])
    expect(pointers(result([{ type: "text", text }]))).toEqual(["b1.txt"])
  })

  it("A line points to files of other tools, servers and hooks, wherever the session's folder was then", () => {
    const mcp = `Error: result (120,000 characters) exceeds maximum allowed tokens. Output has been saved to /mnt/My Files/${id}/tool-results/mcp-s-t-1.txt.\nFormat: Plain text`
    expect(pointers(result(mcp))).toEqual(["mcp-s-t-1.txt"])
    expect(pointers(result(`[Image from s] Binary content (image/png, 12KB) saved to ${folder}/mcp-s-blob-1-a.png`))).toEqual(["mcp-s-blob-1-a.png"])
    expect(pointers(result("a page", { contents: [{ uri: "s://p", blobSavedTo: `${folder}/mcp-s-blob-1-a.pdf` }] }))).toEqual(["mcp-s-blob-1-a.pdf"])
    expect(pointers(result(`<persisted-output>\nFull output saved to: C:\\Users\\x\\.claude\\projects\\-w\\${id}\\tool-results\\w1.txt\n`))).toEqual(["w1.txt"])
    const hook = { type: "hook_success", hookName: "Stop", content: `<persisted-output>\nOutput too large. Full output saved to: ${folder}/hook-1.txt\n` }
    expect(pointers({ type: "attachment", uuid: "a", attachment: hook })).toEqual(["hook-1.txt"])
  })

  it("a file outside of its session's folder is told apart", () => {
    for (const path of ["/etc/passwd", `/home/x/.claude/projects/-work/${other}/tool-results/b1.txt`, `${folder}/../../secret.txt`, `${folder}/..`, folder]) {
      expect(pointers(result("x", { stdout: "x", persistedOutputPath: path }))).toEqual([`not ${path}`])
      expect(pointers(result(`<persisted-output>\nFull output saved to: ${path}\n`))).toEqual([`not ${path}`])
    }
  })

  it("A line points to nothing where a file of that folder is read or only spoken of", () => {
    expect(pointers(result("1\tline", { type: "text", file: { filePath: `${folder}/b1.txt`, content: "line" } }))).toEqual([])
    expect(pointers(result(`total 4\n-rw------- 1 x x 41 ${folder}/b1.txt`))).toEqual([])
    expect(pointers(result(`grep: Full output saved to: /p/${other}/tool-results/b1.txt`))).toEqual([])
    const asked = { type: "user", uuid: "u", message: { role: "user", content: `saved to: ${folder}/b1.txt, is it?` } }
    expect(pointers(asked)).toEqual([])
  })
})

describe("the text of an output", () => {
  it("The text of an output is null for an image, a document, any bytes", () => {
    expect(outputText(Buffer.from("a word\n"))).toBe("a word\n")
    expect(outputText(Buffer.from("latin \xe9t\xe9 with some more words around it", "latin1"))).toContain("with some more words")
    expect(outputText(Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ", "base64"))).toBeNull()
    expect(outputText(Buffer.from("%PDF-1.7\nstream of words"))).toBeNull()
  })

  it("The text of an output ends at the bound, between two characters", () => {
    const text = outputText(Buffer.from(`a${"é".repeat(searchedOutputBytes)}`))
    expect(text).toBe(`a${"é".repeat(searchedOutputBytes / 2 - 1)}`)
  })
})

describe("what the client noted of a result beside its text", () => {
  it("The client's note of a result can be found, each word that the text holds only once", () => {
    expect(found(result("cut", { stdout: "cut\nthe middle", stderr: "warned", interrupted: false }))).toBe("cut\nthe middle\nwarned")
    expect(found(result("out\nwarned", { stdout: "out", stderr: "warned" }))).toBe("out\nwarned")
    expect(found(result("     1→alpha\n     2→beta\n", { type: "text", file: { filePath: "/w/a.txt", content: "alpha\nbeta\n", numLines: 2 } }))).toBe(
      "     1→alpha\n     2→beta\n\n/w/a.txt"
    )
    expect(
      found(
        result("updated", { filePath: "/w/a", oldString: "one", newString: "two", originalFile: "zero\none\n", structuredPatch: [{ lines: ["-one", "+two"] }] })
      )
    ).toBe("updated\n/w/a\none\ntwo\nzero")
    expect(found(result("Exit code 3\nout", "Error: Exit code 3\nout"))).toBe("Exit code 3\nout")
    expect(found(result("concatenated", { stdout: "cat" }))).toBe("concatenated\ncat")
    expect(found(result([{ type: "text", text: "from a server" }], [{ type: "text", text: "from a server" }]))).toBe("from a server")
  })

  it("The client's note of a result gives no bytes of images, and no more than a bound", () => {
    expect(found(result("a picture", { type: "image", file: { base64: "iVBORw0KGgo", type: "image/png" } }))).toBe("a picture")
    const long = Array.from({ length: 300_000 }, (_, n) => `w${n}`).join("\n")
    const line = decodeEntry(transcript, entryOf(result("long", { stdout: long })))
    const worded = Message.boundedSearchTextOf(line, [])
    expect(worded?.isCut).toBe(true)
    expect(worded?.text.tool.length).toBe("long\n".length + (1 << 20))
    expect(Message.boundedSearchTextOf(decodeEntry(transcript, entryOf(result("x", { stdout: "y" }))), ["z"])).toEqual({
      text: { prompt: "", answer: "", tool: "x\ny\nz", other: "" },
      isCut: false
    })
  })
})
