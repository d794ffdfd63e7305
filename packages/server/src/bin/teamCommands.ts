import * as Path from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { AuditLog } from "han-core/AuditLog"
import { ApiKeys } from "han-core/Workspaces"
import { version } from "han-rpc/Version"
import * as PgStore from "han-sql/PgStore"
import * as EmbeddedPostgres from "../team/EmbeddedPostgres.ts"
import { accountIn } from "./accountNames.ts"
import { type DatabaseUrls, type Environment, type Fault, forAsking, forMigrating, forServing } from "./teamConfiguration.ts"
import { doctor } from "./teamDoctor.ts"
import { parse, type TeamAsked } from "./teamOptions.ts"
import { createWorkspace, linkPerson } from "./teamPeople.ts"
import { serve } from "./teamServe.ts"

const usage = `han-server ${version}: keeps the sessions of workspaces, in PostgreSQL

  han-server serve [--embedded DIR]   serves until it is told to stop
  han-server migrate                  makes the tables, or brings them up to this version
  han-server keys create …            makes an API key, and prints it once
  han-server person link NAME ACCOUNT lets a person who is here sign in by an account: github:ID (a number), oidc:SUB
  han-server workspace create SLUG --owner ACCOUNT
                                      makes a shared workspace, whose owner is whoever signs in by the account
  han-server doctor                   says whether the variables, the database and the ways to sign in are as they should be
  han-server audit verify             follows the audit logs of all workspaces, or of --workspace SLUG, and names the first entry that was changed

  --embedded DIR        takes a PostgreSQL of its own, with its data in DIR: to try it out

keys create:
  --workspace SLUG      whose sessions the key sends and reads; made if it is not there
  --person NAME         whose key it is; made if the workspace does not know the name
  --owner HOST/ORG …    whose repositories belong to the workspace: github.com/acme; without any, a workspace that is made is the person's own
  --login HOST/NAME …   the person's names where they have repositories of their own: github.com/ada
  --scopes A,B          sync:write,read if not given; manage besides for one that may change the workspace
  --expires TIME        12h, 30d, 8w, 1y (if not given), never
  --json                {key, keyId, workspace, person, scopes, expiresAt}

The rest is configured by variables of the environment: DATABASE_URL, HAN_ENCRYPTION=off, HAN_HOST, PORT or HAN_PORT, HAN_PUBLIC_URL, HAN_TRUSTED_PROXIES, and
HAN_DATABASE_MIGRATE_URL, HAN_DATABASE_JOBS_URL, HAN_DATABASE_DIRECT_URL; for signing in HAN_SIGNUP, HAN_JWT_KEYS, HAN_GITHUB_CLIENT_ID, HAN_GITHUB_CLIENT_SECRET, HAN_OIDC_ISSUER, HAN_OIDC_CLIENT_ID,
HAN_OIDC_CLIENT_SECRET, HAN_DEV_SIGNIN. packages/server/README.md says what each does.
`

/** Runs `han-server`. Resolves with the exit code: 0, 1 for what failed, 2 for what was asked or configured wrongly. */
export const run = async (argv: ReadonlyArray<string>, environment: Environment): Promise<number> => {
  const asked = parse(argv)
  process.umask(0o077)
  switch (asked._tag) {
    case "Help":
      process.stdout.write(usage)
      return 0
    case "Version":
      process.stdout.write(`han-server ${version}\n`)
      return 0
    case "Wrong":
      process.stderr.write(`han-server: ${asked.message}\n\n${usage}`)
      return 2
    case "Serve": {
      const read = forServing(environment, asked.embedded !== undefined)
      return read._tag === "Wrong" ? refuse(read.faults) : ended(serve(read.configuration, folderOf(asked.embedded), environment))
    }
    case "Migrate": {
      const read = forMigrating(environment)
      return read._tag === "Wrong" ? refuse(read.faults) : ended(Effect.as(migrate(read.configuration), 0))
    }
    case "LinkPerson":
    case "CreateWorkspace": {
      const read = forAsking(environment, asked.embedded !== undefined)
      if (read._tag === "Wrong") return refuse(read.faults)
      const account = accountIn(asked._tag === "LinkPerson" ? asked.account : asked.owner, environment)
      if (typeof account === "string") return refuse([{ name: asked._tag === "LinkPerson" ? "person link:" : "--owner", message: account }])
      const act = (urls: DatabaseUrls) => (asked._tag === "LinkPerson" ? linkPerson(urls, asked.person, account) : createWorkspace(urls, asked.slug, account))
      return ended(Effect.as(Effect.flatMap(urlsOf(asked, read.configuration), act), 0))
    }
    case "Doctor": {
      const read = forServing(environment, asked.embedded !== undefined)
      if (read._tag === "Wrong") return refuse(read.faults)
      return ended(Effect.flatMap(urlsOf(asked, read.configuration.database), (urls) => doctor(urls, read.configuration.signIn)))
    }
    case "VerifyAudit": {
      const read = forAsking(environment, asked.embedded !== undefined)
      return read._tag === "Wrong" ? refuse(read.faults) : ended(verifyAudit(asked, read.configuration))
    }
    case "CreateKey": {
      const read = forAsking(environment, asked.embedded !== undefined)
      return read._tag === "Wrong" ? refuse(read.faults) : ended(Effect.as(createKey(asked, read.configuration), 0))
    }
  }
}

const folderOf = (embedded: string | undefined) => (embedded === undefined ? undefined : Path.resolve(embedded))

const refuse = (faults: ReadonlyArray<Fault>): number => {
  for (const { message, name } of faults) process.stderr.write(`han-server: ${name} ${message}\n`)
  return 2
}

const ended = async <E extends { readonly message: string }>(program: Effect.Effect<number, E>): Promise<number> => {
  const exit = await Effect.runPromiseExit(program)
  if (Exit.isSuccess(exit)) return exit.value
  const failure = Cause.failureOption(exit.cause)
  process.stderr.write(`han-server: ${Option.isSome(failure) ? failure.value.message : Cause.pretty(exit.cause)}\n`)
  return 1
}

const migrate = (urls: DatabaseUrls) =>
  Effect.suspend(() => {
    let last = 0
    return PgStore.migrate({
      ...urls,
      onProgress: ({ entries, projection, total }) =>
        Effect.sync(() => {
          const percent = Math.floor((100 * entries) / Math.max(total, 1))
          if (percent > last) process.stdout.write(`${projection}: ${percent} % of ${total} changes\n`)
          last = percent
        })
    }).pipe(Effect.zipRight(Effect.sync(() => process.stdout.write("the tables are up to date\n"))))
  })

const urlsOf = (asked: { readonly embedded: string | undefined }, configured: DatabaseUrls | undefined) =>
  configured === undefined
    ? Effect.map(EmbeddedPostgres.running(Path.resolve(asked.embedded ?? "")), (url): DatabaseUrls => ({ url }))
    : Effect.succeed(configured)

const verifyAudit = (asked: Extract<TeamAsked, { readonly _tag: "VerifyAudit" }>, configured: DatabaseUrls | undefined) =>
  Effect.gen(function* () {
    const urls = yield* urlsOf(asked, configured)
    const verdicts = yield* Effect.flatMap(AuditLog, (log) => log.verify(asked.workspace)).pipe(Effect.provide(PgStore.layer({ ...urls, maxConnections: 2 })))
    if (verdicts.length === 0 && asked.workspace !== null) {
      process.stderr.write(`han-server: there is no workspace "${asked.workspace}"\n`)
      return 1
    }
    for (const { entries, firstBad, hash, workspace } of verdicts)
      process.stdout.write(
        firstBad === null ? `${workspace}: ${entries} entries, sound, ${hash}\n` : `${workspace}: entry ${firstBad.seq} is ${firstBad.reason}\n`
      )
    return verdicts.some(({ firstBad }) => firstBad !== null) ? 1 : 0
  })

const createKey = (asked: Extract<TeamAsked, { readonly _tag: "CreateKey" }>, configured: DatabaseUrls | undefined) =>
  Effect.gen(function* () {
    const { json, lifeMs, logins, owners, person, scopes, workspace } = asked
    const urls = yield* urlsOf(asked, configured)
    const expiresAt = lifeMs === null ? null : Date.now() + lifeMs
    const { key, keyId, madePerson, madeWorkspace, principal } = yield* Effect.flatMap(ApiKeys, (keys) =>
      keys.create({ workspace, person, owners, logins, scopes, expiresAt, encryption: "off" })
    ).pipe(Effect.provide(PgStore.layer({ ...urls, maxConnections: 2 })))
    const text = Redacted.value(key)
    const expires = expiresAt === null ? null : new Date(expiresAt).toISOString()
    if (json) {
      process.stdout.write(`${JSON.stringify({ key: text, keyId, workspace, person: principal.person, scopes, expiresAt: expires })}\n`)
      return
    }
    // The key alone, for whoever puts it where it belongs; the words are for the person.
    process.stdout.write(`${text}\n`)
    process.stderr.write(
      [
        ...(madeWorkspace ? [`made the workspace ${workspace} (${principal.workspace.kind}, encryption ${principal.workspace.encryption})`] : []),
        ...(madePerson ? [`made ${person}, ${principal.role} of ${workspace}`] : []),
        `this key of ${person} in ${workspace} may ${scopes.join(", ")} and is good ${expires === null ? "for ever" : `until ${expires}`}; it is not shown again`
      ]
        .map((line) => `han-server: ${line}\n`)
        .join("")
    )
  })
