import * as Effect from "effect/Effect"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { plainLine } from "../../terminal/PlainText.ts"
import { asJson, atServer } from "./workspaceServer.ts"

export interface Options {
  /** Those that are changed; undefined stays. */
  readonly name: string | undefined
  readonly allowPersonal: boolean | undefined
  readonly contentAllowed: boolean | undefined
  readonly json: boolean
}

interface Workspace {
  readonly slug: string
  readonly name: string
  readonly kind: string
  readonly plan: string
  readonly owners: ReadonlyArray<string>
  readonly allowPersonal: boolean
  readonly contentAllowed: boolean
}

const fields = "slug name kind plan owners allowPersonal contentAllowed"

export const run = ({ json, ...change }: Options, host: CliEnvironment): Promise<number> =>
  atServer(host, (ask) =>
    Effect.gen(function* () {
      const isChange = Object.values(change).some((value) => value !== undefined)
      const answer = isChange
        ? yield* ask<{ readonly workspace: Workspace }>(
            `mutation ($name: String, $allowPersonal: Boolean, $contentAllowed: Boolean) {
              workspace: changeWorkspace(name: $name, allowPersonal: $allowPersonal, contentAllowed: $contentAllowed) { ${fields} } }`,
            change
          )
        : yield* ask<{ readonly workspace: Workspace }>(`{ workspace { ${fields} } }`)
      const { workspace } = answer
      if (json) return asJson({ ...workspace })
      const lines = [
        `${workspace.name} (${workspace.slug}), ${workspace.kind}, plan ${workspace.plan}`,
        `repositories of ${workspace.owners.length === 0 ? "nobody" : workspace.owners.join(", ")}`,
        `people's own repositories: ${workspace.allowPersonal ? "taken" : "not taken"}`,
        `texts: ${workspace.contentAllowed ? "taken" : "not taken"}`
      ]
      return `${lines.map(plainLine).join("\n")}\n`
    })
  )
