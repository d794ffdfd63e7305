import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const script = fileURLToPath(new URL("../scripts/count.mjs", import.meta.url))

it("The count of code lines is by package and room, without blank lines and comments", () => {
  const folder = mkdtempSync(join(tmpdir(), "han-count-"))
  try {
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    write("packages/core/src/One.ts", '// a comment\n\n/** More\n * of it. */\nexport const one = `\n// text\n\n`\nexport const two = "/*" // behind code\n')
    write("packages/core/src/room/Two.ts", "export const two = 2\n")
    write("packages/core/test/One.test.ts", "not counted\n")
    const { stdout } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" })
    expect(stdout.split("\n").map((line) => line.trim().replace(/ +/g, " "))).toEqual([
      "core 5 lines 2 files",
      ". 4 lines 1 files",
      "room 1 lines 1 files",
      "total 5 lines",
      ""
    ])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
