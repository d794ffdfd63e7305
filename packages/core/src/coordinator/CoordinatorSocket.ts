import * as path from "node:path"

/** The unix socket at which the coordinator of a HAN_HOME listens. */
export const socketPath = (home: string): string => path.join(home, "coordinator.sock")

/** The most bytes of a socket's path: the shortest limit of the systems that han runs on (macOS), without the terminating zero. */
export const maxSocketPath = 103
