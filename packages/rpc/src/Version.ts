/**
 * The release of this code, and the number of its protocol.
 *
 * @example
 * ```ts
 * import { connect } from "han-rpc/HanPromise"
 * import { protocol, version } from "han-rpc/Version"
 *
 * await using han = await connect()
 * const theirs = await han.coordinator.handshake()
 * if (theirs.version !== version) console.log(`han ${theirs.version} answers han ${version}, both with protocol ${protocol}`)
 * ```
 */

/** The release that this code belongs to; all packages have the same. */
export const version = "0.0.0"

/** The number of the wire's language. Raised when an older end would misunderstand a request or an answer. */
export const protocol = 9
