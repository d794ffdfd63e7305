import { command, json, withoutWords } from "../command-line/CommandEntry.ts"
import type { Command, Option } from "../command-line/CommandLine.ts"

const endpoint: Option = { name: "endpoint", value: "URL", help: "the server: https://han.example; else HAN_SYNC_ENDPOINT, or the one that is synced with" }

/** The commands by which a person signs in to a team server. */
export const authCommands: ReadonlyArray<Command> = [
  command({
    name: "auth login",
    summary: "sign in to a team server, in the browser of this machine or of another one",
    notes: [
      "The tokens stand in credentials.json of HAN_HOME, which is for its owner alone. What is sent from this machine does not change by this.",
      "Exit codes: 0 signed in, 1 not, 2 a setting."
    ],
    options: [endpoint, { name: "device", help: "show a code to type in a browser elsewhere" }],
    start: withoutWords((given) => {
      const options = { endpoint: given.text("endpoint"), device: given.flag("device") }
      return async (host) => (await import("./auth/authLogin.ts")).run(options, host)
    })
  }),
  command({
    name: "auth logout",
    summary: "end the sign-in at a team server",
    options: [endpoint],
    start: withoutWords((given) => {
      const options = { endpoint: given.text("endpoint") }
      return async (host) => (await import("./auth/authLogout.ts")).run(options, host)
    })
  }),
  command({
    name: "auth status",
    summary: "say who is signed in where, as the server sees it",
    notes: ["Exit codes: 0 somebody is signed in, 1 nobody, or the server cannot be reached."],
    options: [endpoint, json],
    start: withoutWords((given) => {
      const options = { endpoint: given.text("endpoint"), json: given.flag("json") }
      return async (host) => (await import("./auth/authStatus.ts")).run(options, host)
    })
  })
]
