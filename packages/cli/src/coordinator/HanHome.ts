import { join } from "node:path"

/** Where the coordinator of a HAN_HOME listens and writes. A test holds them equal to the coordinator's own. */
export const socketPath = (home: string): string => join(home, "coordinator.sock")
export const logPath = (home: string): string => join(home, "logs", "coordinator.log")
/** What a coordinator that was started in the background says before it has its log, and when it breaks down. */
export const startLogPath = (home: string): string => join(home, "logs", "coordinator-start.log")
/** Marks of what hooks have said in a session; a coordinator that starts begins anew. */
export const toldPath = (home: string): string => join(home, "told")

/** The shortest limit of the systems we run on. */
export const longestSocketPath = 103
