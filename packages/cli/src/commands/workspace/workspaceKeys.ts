import * as Effect from "effect/Effect"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { dateTime } from "../../terminal/Figures.ts"
import { styleOf } from "../../terminal/Style.ts"
import { table } from "../../terminal/Table.ts"
import { asJson, atServer } from "./workspaceServer.ts"

export interface Options {
  /** The name of a key that is made. */
  readonly create: string | undefined
  readonly scopes: ReadonlyArray<string>
  /** The id of a key that is revoked. */
  readonly revoke: string | undefined
  readonly utc: boolean
  readonly json: boolean
}

interface Key {
  readonly keyId: string
  readonly name: string
  readonly person: { readonly name: string } | null
  readonly scopes: ReadonlyArray<string>
  readonly expiresAt: string | null
  readonly lastUsedAt: string | null
  readonly revokedAt: string | null
}

const scopeOf = (word: string): string => word.toUpperCase().replace(":", "_")
const wordOf = (scope: string): string => (scope === "SYNC_WRITE" ? "sync:write" : scope.toLowerCase())
const at = (instant: string | null, utc: boolean): string => dateTime(instant === null ? null : Date.parse(instant), utc)

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  atServer(host, (ask) =>
    Effect.gen(function* () {
      const { create, json, revoke, scopes } = options
      if (revoke !== undefined) {
        yield* ask("mutation ($id: ID!) { revokeApiKey(keyId: $id) }", { id: revoke })
        return "The key lets nobody in any more.\n"
      }
      if (create !== undefined) {
        const { createApiKey: made } = yield* ask<{ readonly createApiKey: { readonly key: string; readonly apiKey: Key } }>(
          "mutation ($name: String!, $scopes: [KeyScope!]!) { createApiKey(name: $name, scopes: $scopes) { key apiKey { keyId expiresAt } } }",
          { name: create, scopes: scopes.map(scopeOf) }
        )
        // Alone on the output, for whoever puts it where it belongs; it is not shown again.
        return json ? asJson({ key: made.key, keyId: made.apiKey.keyId, scopes, expiresAt: made.apiKey.expiresAt }) : `${made.key}\n`
      }
      const { apiKeys } = yield* ask<{ readonly apiKeys: ReadonlyArray<Key> }>(
        "{ apiKeys { keyId name person { name } scopes expiresAt lastUsedAt revokedAt } }"
      )
      if (json) return asJson({ keys: apiKeys.map(({ person, scopes, ...key }) => ({ ...key, person: person?.name ?? null, scopes: scopes.map(wordOf) })) })
      return table(apiKeys, columns(options), { width: host.terminal.columns, style: styleOf(host.terminal) })
    })
  )

const columns = ({ utc }: Options) => [
  { header: "ID", cell: ({ keyId }: Key) => keyId },
  { header: "NAME", cell: ({ name }: Key) => name, atLeast: 10 },
  { header: "PERSON", cell: ({ person }: Key) => person?.name ?? "-", atLeast: 10 },
  { header: "SCOPES", cell: ({ scopes }: Key) => scopes.map(wordOf).join(",") },
  { header: "LAST USED", cell: ({ lastUsedAt }: Key) => at(lastUsedAt, utc) },
  {
    header: "STATE",
    cell: ({ expiresAt, revokedAt }: Key) =>
      revokedAt !== null ? `revoked ${at(revokedAt, utc)}` : expiresAt === null ? "good" : `until ${at(expiresAt, utc)}`
  }
]
