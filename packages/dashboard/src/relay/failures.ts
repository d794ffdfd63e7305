/** The server does not know this browser. */
export class SignedOut extends Error {
  override readonly name = "SignedOut"
}

/** Nothing answers. */
export class Unreachable extends Error {
  override readonly name = "Unreachable"
}

/** The server answered that it cannot, in its own words. */
export class Refused extends Error {
  override readonly name = "Refused"
}
