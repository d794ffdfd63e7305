import { randomBytes } from "node:crypto"
import pg from "pg"
import { urlVariable } from "./postgres.ts"

/** An empty database on the PostgreSQL of this run. A server that cannot be reached is an error, never a reason to skip. */
export const createDatabase = async (name: string): Promise<{ readonly url: string; readonly drop: () => Promise<void> }> => {
  const server = process.env[urlVariable]
  if (server === undefined) throw new Error(`${urlVariable} is not set: run the tests with npm test`)
  const database = `${name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .slice(0, 40)}_${randomBytes(4).toString("hex")}`
  const administer = async (statement: string) => {
    const client = new pg.Client({ connectionString: server })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  await administer(`CREATE DATABASE ${database} TEMPLATE template0`)
  const url = new URL(server)
  url.pathname = `/${database}`
  return { url: url.href, drop: () => administer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`) }
}
