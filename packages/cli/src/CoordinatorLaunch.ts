import { spawn } from "node:child_process"
import { resolve } from "node:path"

/** Lets another `han` start the coordinator, and does not wait for it; why it could not be is in the coordinator's logs. `program`: the argv of this one. */
export const launch = ([file, ...args]: readonly [string, ...ReadonlyArray<string>], home: string, cwd: string): void => {
  const child = spawn(file, [...args, "coordinator", "start"], {
    // Clients end the process group of a hook, and wait for whoever holds its output.
    detached: true,
    stdio: "ignore",
    // The agent's folder may be gone.
    cwd: "/",
    env: { ...process.env, HAN_HOME: resolve(cwd, home) },
    windowsHide: true
  })
  child.once("error", () => {})
  child.unref()
}
