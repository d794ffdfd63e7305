import { expect, it } from "vitest"
import { normalised, ownerless, tablesIn } from "./statements.ts"

const tables = new Set(["block", "transcript", "session_1", "owner_head", "projection_cursor"])

it("A statement that says whose rows it means has no table without an owner", () => {
  for (const statement of [
    "SELECT lines FROM transcript WHERE owner_no = $1 AND no = $2",
    "SELECT t.id FROM block b JOIN transcript t ON t.owner_no = b.owner_no AND t.no = b.transcript_no WHERE b.owner_no = $1",
    "SELECT s.*, (SELECT COUNT(*) FROM transcript x WHERE x.owner_no = $2 AND x.session_no = s.no) AS n FROM session_1 s WHERE s.owner_no = $1",
    "SELECT 1 FROM block WHERE owner_no = $1 UNION ALL SELECT 2 FROM transcript x WHERE x.owner_no = $1",
    'INSERT INTO block ("owner_no", "lines") VALUES ($1, $2) ON CONFLICT (owner_no, lines) DO UPDATE SET lines = block.lines RETURNING lines',
    "UPDATE owner_head SET sequence = $2 WHERE owner_no = $1",
    "DELETE FROM block b USING transcript t WHERE b.owner_no = $1 AND t.owner_no = b.owner_no",
    "SELECT no FROM owner WHERE id = $1"
  ])
    expect(ownerless(statement, tables), statement).toEqual([])
})

it("A table is told whose owner a statement does not say, wherever it is named", () => {
  for (const [statement, missing] of [
    ["SELECT owner_no AS owner FROM owner_head WHERE sequence = $1", ["owner_head"]],
    ["SELECT t.id FROM block b JOIN transcript t ON t.no = b.transcript_no WHERE b.owner_no = $1", ["transcript"]],
    ["SELECT h.owner_no FROM owner_head h LEFT JOIN projection_cursor c ON c.owner_no = h.owner_no", ["owner_head", "projection_cursor"]],
    ["SELECT (SELECT MAX(lines) FROM block x) FROM session_1 s WHERE s.owner_no = $1", ["block"]],
    ["SELECT 1 FROM block x WHERE x.owner_no = $1 UNION ALL SELECT 2 FROM block x WHERE $2 = $3", ["block"]],
    ["INSERT INTO block (lines) VALUES ($1)", ["block"]],
    ["DELETE FROM transcript WHERE no = $1", ["transcript"]],
    ["SELECT 1 FROM block b, transcript t WHERE b.owner_no = $1 AND t.no = b.transcript_no", ["transcript"]],
    ["SELECT 'x.owner_no = $1' FROM block x", ["block"]]
  ] as const)
    expect(ownerless(statement, tables), statement).toEqual(missing)
})

it("Statements that differ in rows and revisions are one text", () => {
  expect(normalised("INSERT INTO session_14 (owner_no, id)\n  VALUES ($1,$2),($3,$4) RETURNING id", tables)).toBe(
    "INSERT INTO session_1 (owner_no, id) VALUES ($1,$2) RETURNING id"
  )
  expect(tablesIn("SELECT b.transcript FROM block b WHERE b.owner_no = $1", tables)).toEqual(["block"])
})
