/** One way in which a rule's secrets are written. */
export interface SecretForm {
  /** Sticky: it begins at a known place. Its first group, if any, stays: it is what comes before the secret. */
  readonly pattern: RegExp
  /** True when a match is a secret, given the character behind it. */
  readonly accepts: (secret: string, next: string) => boolean
}

/** How one kind of secrets is found. */
export interface SecretRule {
  /** The name in the mark, in kebab-case. */
  readonly id: string
  /** In lower case. Nothing is done for the rule where none of them is. */
  readonly keywords: ReadonlyArray<string>
  /** Of two rules that find the same, the one for a known `token` gives its name. */
  readonly rank: "token" | "general"
  /** The number of characters between the beginning of a form and the keyword; 0 if absent. */
  readonly before?: number
  /** The number of characters before its beginning that a form looks at; `standardContext` if absent. */
  readonly context?: number
  /** The number of characters behind its beginning that a form looks at; what fits into `maxWindow` if absent. */
  readonly reach?: number
  /** The forms lie anywhere around the keyword, and are not sticky. */
  readonly around?: boolean
  /** A sticky expression that fails where all forms would. */
  readonly head?: RegExp
  /** The first that finds something counts. */
  readonly forms: ReadonlyArray<SecretForm>
}

/** No expression is given more characters at once. */
export const maxWindow = 4096
export const standardContext = 24

/** A token begins here: no letter or digit is before it, or only the end of a colour, of an escape in a string, or of an octet in a URL. */
export const tokenBegin = String.raw`(?:(?<![A-Za-z0-9])|(?<=\u001b\[[0-9;]{0,10}m|\\[nrt]|%[0-9A-Fa-f]{2}))`
/** It ends here, and is no part of something longer, such as a path or a picture in base64. */
export const tokenEnd = String.raw`(?![\w+/-])`

/** It stands where a secret would be: `${NAME}`, `<token>`, `***`. */
const placeholder = /^(?:\$\{[^}]*\}?|\$[A-Z][A-Z0-9_]*|\$\(.*|<.*>?|\{\{.*|%[A-Z0-9_]+%|[*.•]+|x{3,})$/
/** Names that code gives to values. */
const name = /^(?:null|none|nil|undefined|true|false|string|number|boolean|unknown|any|void|required|optional)$/i
export const isPlaceholder = (value: string): boolean => placeholder.test(value)
export const isValue = (value: string): boolean => !placeholder.test(value) && !name.test(value)
export const isMixed = (value: string): boolean => /\d/.test(value) && /[A-Za-z]/.test(value)
