import { type AssignedRule, gitleaksAssignments } from "./gitleaksAssignments.ts"
import { gitleaksTokens, type TokenRule } from "./gitleaksTokens.ts"
import { ownRules } from "./ownRules.ts"
import { isValue, type SecretForm, type SecretRule, tokenBegin, tokenEnd } from "./secretForms.ts"

/** Bits for each character, after Shannon. */
export const entropyOf = (text: string): number => {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

const holds =
  (entropy: number | undefined, alsoIs: (secret: string) => boolean = () => true): SecretForm["accepts"] =>
  (secret) =>
    alsoIs(secret) && (entropy === undefined || entropyOf(secret) > entropy)

const tokenRule = ({ around, before, context, entropy, expression, id, ignoreCase, keywords }: TokenRule): SecretRule => {
  const pattern = expression.replace(/^\\b/, tokenBegin).replace(/\\b$/, tokenEnd)
  return {
    id,
    keywords,
    rank: "token",
    ...(before === undefined ? {} : { before }),
    ...(context === undefined ? {} : { context }),
    ...(around === undefined ? {} : { around }),
    forms: [{ pattern: new RegExp(pattern, `${ignoreCase === true ? "i" : ""}${around === true ? "g" : "y"}`), accepts: holds(entropy) }]
  }
}

/** Matches what may be between the name of a service and the value: `_KEY = "`, also in a string in JSON. */
const assigned = String.raw`[ \t\w.-]{0,20}[\s'"\\]{0,5}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=\\]{0,7}`
const assignedForm = (names: string, value: string, accepts: SecretForm["accepts"]): SecretForm => ({
  pattern: new RegExp(`((?:${names})${assigned})(?:${value})${tokenEnd}`, "iy"),
  accepts
})
/** A value has a digit: without one it is a word of the text. */
const hasDigit = (value: string): boolean => /\d/.test(value)
const serviceRule = ({ entropy, id, keywords, names, value }: AssignedRule): SecretRule => ({
  id,
  keywords: keywords ?? [names.toLowerCase()],
  rank: "token",
  reach: 400,
  forms: [assignedForm(names, value, holds(entropy, hasDigit))]
})

/** The rules by which everybody's secrets are found. */
export const secretRules: ReadonlyArray<SecretRule> = [...ownRules, ...gitleaksTokens.map(tokenRule), ...gitleaksAssignments.map(serviceRule)]

const generalNames = "access|auth|api|credential|creds|key|passwd|password|secret|token"
/** gitleaks' rule for whatever looks random behind a name that tells of a secret. It finds much that is none. */
export const strictRules: ReadonlyArray<SecretRule> = [
  ...secretRules,
  {
    id: "generic-api-key",
    keywords: generalNames.split("|"),
    rank: "general",
    reach: 400,
    forms: [
      assignedForm(
        generalNames,
        "[\\w.=-]{10,150}|[a-z0-9][a-z0-9+/]{11,150}={0,3}",
        holds(3.5, (value) => isValue(value) && hasDigit(value))
      )
    ]
  }
]
