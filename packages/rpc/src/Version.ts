/** The release that this code belongs to; all packages have the same. */
export const version = "0.0.0"

/** The number of the wire's language. Raised when an older end would misunderstand a request or an answer. */
export const protocol = 6
