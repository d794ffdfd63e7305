#!/usr/bin/env node
// Prints the GraphQL schema to packages/graphql/schema.graphql: types in the order of their names. `npm run print-schema`
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { bun, requireBun, root } from "./installed.mjs"

requireBun()

// graphql sorts a schema only with its own scalars: the sorted one is read from what is printed.
const program = `
import { buildSchema, lexicographicSortSchema, printSchema } from "graphql"
import { machine } from "./packages/graphql/src/Machine.ts"
import { makeSchema } from "./packages/graphql/src/Schema.ts"
const schema = makeSchema({ machine })
process.stdout.write(printSchema(lexicographicSortSchema(buildSchema(printSchema(schema)))) + "\\n")`
const { status, stderr, stdout } = spawnSync(bun, ["--conditions=han-source", "--eval", program], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 })
if (status !== 0) {
  console.error(stderr)
  process.exit(status ?? 1)
}
writeFileSync(join(root, "packages/graphql/schema.graphql"), stdout)
