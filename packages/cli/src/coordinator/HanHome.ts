import { join } from "node:path"

/** The log of the coordinator of a HAN_HOME. A test holds these paths equal to the coordinator's own. */
export const logPath = (home: string): string => join(home, "logs", "coordinator.log")
/** The file for what a coordinator in the background prints before it has its log, and when it breaks down. */
export const startLogPath = (home: string): string => join(home, "logs", "coordinator-start.log")
/** Marks of what hooks have said in a session; a coordinator that starts begins anew. */
export const toldPath = (home: string): string => join(home, "told")
