/** Words of a variable's name that say what it holds is a secret. */
const secretWord =
  /(?:^|[_.-])(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|PAT|JWT|BEARER|AUTH|AUTHTOKEN|AUTHORIZATION|CREDENTIAL|CREDENTIALS|COOKIE|APIKEY)(?:$|[_.-])/
const secretWithin =
  /(?:SECRET|PASSWORD|PASSWD|APIKEY|AUTHTOKEN|(?:API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|MASTER|AUTH|SERVICE|ACCOUNT|DEPLOY)[_-]?KEY(?!_?ID))/
const secretLists = /(?:TOKENS|SECRETS|PASSWORDS)$/
/** Endings of names that are about a secret and hold none. */
const harmlessEnd =
  /[_.-](?:FILE|FILES|PATH|DIR|FOLDER|HOME|URL|URI|ENDPOINT|HOST|PORT|NAME|USER|USERNAME|ID|TYPE|KIND|MODE|METHOD|PROVIDER|SCOPE|SCOPES|ISSUER|AUDIENCE|ALGORITHM|REGION|VERSION|TTL|EXPIRY|EXPIRES|EXPIRATION|TIMEOUT|LIMIT|COUNT|LENGTH|SIZE|ENABLED|DISABLED|REQUIRED|SOCK|SOCKET|HEADER|PROMPT|DOMAIN|FD)$/
const harmlessValues = new Set("disabled required optional anonymous undefined password redacted".split(" "))
const digits = /^\d+$/
const path = /^(?:~|\.{0,2})\/[\w./@ +-]*$|^[A-Za-z]:[\\/]/
/** No name of a file is like that. */
const mixed = /[A-Za-z0-9+]{24}/

/** True for a variable of the environment that is likely to hold a secret. */
export const isSecret = (name: string, value: string): boolean => {
  const upper = name.toUpperCase()
  // The folder that a shell is in.
  if (upper === "PWD") return false
  if (!secretWord.test(upper) && !secretWithin.test(upper) && !secretLists.test(upper)) return false
  if (harmlessEnd.test(upper) || harmlessValues.has(value.toLowerCase())) return false
  if (digits.test(value)) return upper.includes("PASS")
  return !path.test(value) || mixed.test(value)
}
