import { randomBytes } from "node:crypto"
import { connect } from "node:net"
import { text } from "node:stream/consumers"
import pg from "pg"
import { socketVariable } from "./postgres.ts"

/** The URL of this run's server, which starts when it is asked for first. */
const serverUrl = async (): Promise<string> => {
  const path = process.env[socketVariable]
  if (path === undefined) throw new Error(`${socketVariable} is not set: run the tests with npm test`)
  const told: { readonly url?: string; readonly error?: string } = JSON.parse(await text(connect(path)))
  if (told.url === undefined) throw new Error(told.error)
  return told.url
}

/** A database on the PostgreSQL of this run, or on another one: empty, or a copy of `template`. A server that cannot be reached is an error, never a reason to skip. */
export const createDatabase = async (
  name: string,
  template = "template0",
  on?: string
): Promise<{ readonly url: string; readonly drop: () => Promise<void> }> => {
  const server = on ?? (await serverUrl())
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
  await administer(`CREATE DATABASE ${database} TEMPLATE ${template}`)
  const url = new URL(server)
  url.pathname = `/${database}`
  return { url: url.href, drop: () => administer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`) }
}
