// Makes or brings up to date the tables of a store in PostgreSQL: `npm run migrate:pg`, with HAN_DATABASE_MIGRATE_URL or DATABASE_URL in the environment.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as PgStore from "../PgStore.ts"

const url = process.env["HAN_DATABASE_MIGRATE_URL"] ?? process.env["DATABASE_URL"]
if (url === undefined || url === "") {
  console.error("HAN_DATABASE_MIGRATE_URL or DATABASE_URL must name the database: postgres://user:password@host/database")
  process.exit(2)
}

let last = 0
const migration = PgStore.migrate({
  url: Redacted.make(url),
  onProgress: ({ entries, projection, total }) =>
    Effect.sync(() => {
      const percent = Math.floor((100 * entries) / Math.max(total, 1))
      if (percent > last) console.log(`${projection}: ${percent} % of ${total} changes`)
      last = percent
    })
})
const failure = await Effect.runPromise(Effect.match(migration, { onFailure: ({ message }) => message, onSuccess: () => null }))
if (failure !== null) {
  console.error(failure)
  process.exit(1)
}
console.log("the tables are up to date")
process.exit(0)
