import { join } from "node:path"

/** The paths of a HAN_HOME at which its coordinator listens and writes. A test holds them equal to the coordinator's own. */
export const socketPath = (home: string): string => join(home, "coordinator.sock")
export const logPath = (home: string): string => join(home, "logs", "coordinator.log")
/** The file for what a coordinator in the background prints before it has its log, and when it breaks down. */
export const startLogPath = (home: string): string => join(home, "logs", "coordinator-start.log")
/** Marks of what hooks have said in a session; a coordinator that starts begins anew. */
export const toldPath = (home: string): string => join(home, "told")

/** The shortest limit of the systems we run on. */
export const longestSocketPath = 103
