import * as Effect from "effect/Effect"
import { type Account, Accounts } from "han-core/Accounts"
import type { Slug } from "han-core/Workspaces"
import * as PgStore from "han-sql/PgStore"
import type { DatabaseUrls } from "./teamConfiguration.ts"

const say = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))
const inStore = (urls: DatabaseUrls) => Effect.provide(PgStore.layer({ ...urls, maxConnections: 2 }))

/** Lets a person who is here sign in by an account. */
export const linkPerson = (urls: DatabaseUrls, person: string, account: Account) =>
  Effect.flatMap(Accounts, (accounts) => accounts.link(person, account)).pipe(
    inStore(urls),
    Effect.flatMap((id) => say(`${person} (${id}) signs in by ${account.provider}:${account.id}`))
  )

/** Makes a shared workspace with its owner. */
export const createWorkspace = (urls: DatabaseUrls, slug: Slug, owner: Account) =>
  Effect.flatMap(Accounts, (accounts) => accounts.createWorkspace(slug, owner)).pipe(
    inStore(urls),
    Effect.flatMap(({ madePerson, person }) =>
      say(`made the workspace ${slug}; its owner is ${owner.provider}:${owner.id} (${person}${madePerson ? ", who gets a name with the first sign-in" : ""})`)
    )
  )
