import * as Effect from "effect/Effect"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import { dateTime } from "../../terminal/Figures.ts"
import { plainLine } from "../../terminal/PlainText.ts"
import { styleOf } from "../../terminal/Style.ts"
import { table } from "../../terminal/Table.ts"
import { type AskServer, asJson, atServer } from "./workspaceServer.ts"

export interface Options {
  /** The person who is changed: a name or an id; undefined: people are listed. */
  readonly person: string | undefined
  readonly role: string | undefined
  readonly remove: boolean
  readonly utc: boolean
  readonly json: boolean
}

interface Member {
  readonly person: { readonly personId: string; readonly name: string }
  readonly role: string
  readonly joinedAt: string
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  atServer(host, (ask) =>
    Effect.gen(function* () {
      const { members } = yield* ask<{ readonly members: ReadonlyArray<Member> }>("{ members { person { personId name } role joinedAt } }")
      if (options.person !== undefined) return yield* change(options, options.person, members, ask)
      if (options.json)
        return asJson({
          members: members.map(({ joinedAt, person, role }) => ({ id: person.personId, name: person.name, role: role.toLowerCase(), joinedAt }))
        })
      return table(members, columns(options), { width: host.terminal.columns, style: styleOf(host.terminal) })
    })
  )

const columns = ({ utc }: Options) => [
  { header: "NAME", cell: ({ person }: Member) => person.name, atLeast: 10 },
  { header: "ROLE", cell: ({ role }: Member) => role.toLowerCase() },
  { header: "SINCE", cell: ({ joinedAt }: Member) => dateTime(Date.parse(joinedAt), utc) },
  { header: "ID", cell: ({ person }: Member) => person.personId }
]

const change = Effect.fnUntraced(function* ({ remove, role }: Options, wanted: string, members: ReadonlyArray<Member>, ask: AskServer) {
  const found = members.filter(({ person }) => person.personId === wanted || person.name === wanted)
  const [member] = found
  if (member === undefined || found.length > 1)
    return yield* Effect.fail(
      new CommandFailed(
        `${found.length === 0 ? "no member" : `${found.length} members`} of the workspace ${found.length > 1 ? "are" : "is"} called "${plainLine(wanted)}"; \`han workspace members\` lists their ids`
      )
    )
  const person = member.person.personId
  if (remove) {
    yield* ask("mutation ($person: ID!) { removeMember(person: $person) }", { person })
    return `${plainLine(member.person.name)} is no member any more; what they sent stays.\n`
  }
  yield* ask("mutation ($person: ID!, $role: Role!) { changeMemberRole(person: $person, role: $role) { role } }", { person, role: role?.toUpperCase() })
  return `${plainLine(member.person.name)} is ${role} now.\n`
})
