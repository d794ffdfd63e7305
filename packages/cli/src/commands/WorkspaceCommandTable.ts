import { KeyScope, Role } from "han-core/Workspaces"
import { command, json, limit, utc, withoutWords } from "../command-line/CommandEntry.ts"
import type { Command, Given } from "../command-line/CommandLine.ts"
import { BadUsage } from "../environment/CommandFailed.ts"

const roles = Role.literals
const server = "Asks the team server of `han sync enable`, or of HAN_SYNC_ENDPOINT and HAN_SYNC_API_KEY. Changes need a key with the scope manage."

/** The value of an option that says yes or no; undefined: it is not given. */
const said = (given: Given, name: string): boolean | undefined => {
  const word = given.choice(name, ["yes", "no"])
  return word === undefined ? undefined : word === "yes"
}

/** The commands for the people of a workspace of a team server. */
export const workspaceCommands: ReadonlyArray<Command> = [
  command({
    name: "workspace members",
    takes: "[PERSON]",
    summary: "list the people of the workspace, or change one of them",
    notes: [server, "PERSON is a name or an id."],
    options: [
      { name: "role", value: "ROLE", help: `give PERSON another role: ${roles.join(", ")}` },
      { name: "remove", help: "end PERSON's membership; what they sent stays" },
      utc,
      json
    ],
    start: (given) => {
      const options = {
        person: given.optionalWord(),
        role: given.choice("role", roles),
        remove: given.flag("remove"),
        utc: given.flag("utc"),
        json: given.flag("json")
      }
      const changes = (options.role === undefined ? 0 : 1) + (options.remove ? 1 : 0)
      if (changes !== (options.person === undefined ? 0 : 1)) throw new BadUsage("PERSON and one of --role and --remove go together")
      return async (host) => (await import("./workspace/workspaceMembers.ts")).run(options, host)
    }
  }),
  command({
    name: "workspace invite",
    summary: "print a code with which one person becomes a member, within 24 hours",
    notes: [server],
    options: [
      { name: "role", value: "ROLE", help: `the role of whoever redeems it (member): ${roles.join(", ")}` },
      { name: "redeem", value: "CODE", help: "become a member of the workspace that CODE leads to" },
      { name: "revoke", value: "ID", help: "make the code of an invite useless" },
      json
    ],
    start: withoutWords((given) => {
      const options = {
        role: given.choice("role", roles) ?? "member",
        redeem: given.text("redeem"),
        revoke: given.text("revoke"),
        json: given.flag("json")
      }
      if (options.redeem !== undefined && options.revoke !== undefined) throw new BadUsage("--redeem and --revoke are two things")
      return async (host) => (await import("./workspace/workspaceInvite.ts")).run(options, host)
    })
  }),
  command({
    name: "workspace keys",
    summary: "list your keys, and for admins and owners everybody's; make or revoke one",
    notes: [server],
    options: [
      { name: "create", value: "NAME", help: "make a key of yours, and print it once" },
      { name: "scopes", value: "A,B", help: `what it may be used for (sync:write,read): ${KeyScope.literals.join(", ")}` },
      { name: "revoke", value: "ID", help: "make a key useless" },
      utc,
      json
    ],
    start: withoutWords((given) => {
      const options = {
        create: given.text("create"),
        scopes: given.choices("scopes", KeyScope.literals) ?? ["sync:write", "read"],
        revoke: given.text("revoke"),
        utc: given.flag("utc"),
        json: given.flag("json")
      }
      if (options.create !== undefined && options.revoke !== undefined) throw new BadUsage("--create and --revoke are two things")
      return async (host) => (await import("./workspace/workspaceKeys.ts")).run(options, host)
    })
  }),
  command({
    name: "workspace audit",
    summary: "list what people of the workspace did, the newest last",
    notes: [server],
    options: [limit(50), utc, json],
    start: withoutWords((given) => {
      const options = { limit: given.count("limit") ?? 50, utc: given.flag("utc"), json: given.flag("json") }
      return async (host) => (await import("./workspace/workspaceAudit.ts")).run(options, host)
    })
  }),
  command({
    name: "workspace settings",
    summary: "show what is settled for the workspace, or change it",
    notes: [server],
    options: [
      { name: "name", value: "NAME", help: "what to call it" },
      { name: "personal", value: "yes|no", help: "whether sessions of people's own repositories are taken" },
      { name: "texts", value: "yes|no", help: "whether texts are taken, and not numbers and names alone" },
      json
    ],
    start: withoutWords((given) => {
      const options = { name: given.text("name"), allowPersonal: said(given, "personal"), contentAllowed: said(given, "texts"), json: given.flag("json") }
      return async (host) => (await import("./workspace/workspaceSettings.ts")).run(options, host)
    })
  })
]
