import pg from "pg"
import { expect, it } from "vitest"
import { createDatabase } from "./postgresDatabase.ts"

it("The helper gives every suite an empty UTF-8 database of its own on a real PostgreSQL", async () => {
  const one = await createDatabase("One suite")
  const two = await createDatabase("One suite")
  expect(one.url).not.toBe(two.url)
  const client = new pg.Client({ connectionString: one.url })
  await client.connect()
  const { rows } = await client.query(
    "SELECT current_setting('server_encoding') AS encoding, lower('ÉTÉ') AS lowered, (SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public') AS tables"
  )
  expect(rows).toEqual([{ encoding: "UTF8", lowered: "été", tables: 0 }])
  await client.end()
  await one.drop()
  await two.drop()
  await expect(new pg.Client({ connectionString: one.url }).connect()).rejects.toThrow("does not exist")
})
