/** Something that shows by itself that it is a secret. */
export interface SecretShape {
  readonly kind: string
  /** Its first group, if any, stays: it is what comes before the secret. */
  readonly pattern: RegExp
  /** True when a match is a secret, given the character behind it. Without it every match is one. */
  readonly is?: (secret: string, next: string) => boolean
  /** The secret begins with the first of these. */
  readonly from?: string
}

/** A token begins here: no letter or digit is before it, or only the end of a colour, of an escape in a string, or of an octet in a URL. */
const start = String.raw`(?:(?<![A-Za-z0-9])|(?<=\u001b\[[0-9;]{0,10}m|\\[nrt]|%[0-9A-Fa-f]{2}))`

// All of them take time in the length of the text: what repeats is bounded, or has nothing behind it for which it would give back what it took.
const word =
  "password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|signing[_-]?key|encryption[_-]?key|credential|_auth"
const assigned = String.raw`(?:${word})\\{0,4}["']?\s{0,8}(?:=>|:=|=|:)\s{0,8}`
const authorization = String.raw`authorization\\{0,4}["']?\s{0,8}[:=]\s{0,8}\\{0,4}["']?`
const bare = "[^\\s\"'`,;&<>(){}\\[\\]\\\\|]"

const shape = (kind: string, pattern: string, is?: (secret: string, next: string) => boolean): SecretShape => ({
  kind,
  pattern: new RegExp(pattern, "gi"),
  ...(is === undefined ? {} : { is })
})
/** Its letters are as they are written here. */
const token = (kind: string, pattern: string): SecretShape => ({ kind, pattern: new RegExp(pattern, "g") })

/** It stands where a secret would be: `${NAME}`, `<token>`, `***`. */
const placeholder = /^(?:\$\{[^}]*\}?|\$[A-Z][A-Z0-9_]*|\$\(.*|<.*>?|\{\{.*|%[A-Z0-9_]+%|[*.•]+|x{3,})$/
/** Names that code gives to values. */
const name = /^(?:null|none|nil|undefined|true|false|string|number|boolean|unknown|any|void|required|optional)$/i
const reference = new RegExp(String.raw`^[\w.$-]*(?:${word})s?\d*$`, "i")
const isValue = (value: string): boolean => !placeholder.test(value) && !name.test(value)
const isMixed = (value: string): boolean => /\d/.test(value) && /[A-Za-z]/.test(value)
/** In code a call, an index or another variable stands there. */
const isLiteral = (value: string, next: string): boolean => isValue(value) && next !== "(" && next !== "[" && !reference.test(value)

export const secretShapes: ReadonlyArray<SecretShape> = [
  token("GitHub token", "gh[pousr]_[A-Za-z0-9]{20,}"),
  token("GitHub token", "github_pat_[A-Za-z0-9_]{20,}"),
  token("GitLab token", "gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_.-]{16,}"),
  token("npm token", "npm_[A-Za-z0-9]{36,}"),
  token("Slack token", `${start}x(?:ox[a-z]|app)-[A-Za-z0-9-]{10,}`),
  token("AWS key", `${start}(?:AKIA|ASIA)[A-Z0-9]{16,}`),
  token("Google key", `${start}AIza[A-Za-z0-9_-]{35,}`),
  token("Stripe key", `${start}[sr]k_(?:live|test)_[A-Za-z0-9]{10,}`),
  token("Anthropic key", `${start}sk-ant-[A-Za-z0-9_-]{10,}`),
  token("OpenAI key", `${start}sk-(?:(?:proj|svcacct|admin|None|or-v1)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20,})`),
  { ...token("JWT", String.raw`(?<![\w-])(?=[\w-]*eyJ)[\w-]+\.eyJ[\w-]{4,}\.[\w-]*`), from: "eyJ" },
  shape("credentials", String.raw`(${authorization}(?:bearer|basic|token|digest|negotiate|apikey)\s{1,8})[^\s"',;\\]{4,}`, isValue),
  shape("credentials", String.raw`(${authorization})[^\s"',;\\]{12,}`, (value) => isValue(value) && isMixed(value)),
  shape("credentials", String.raw`((?<![a-z])bearer\s{1,8})[\w.~+/=-]{16,}`, (value) => /\d/.test(value)),
  shape("password", String.raw`(:\/\/[^\s/?#@:"'<>]{0,256}:)[^\s/?#"'<>]{1,512}(?=@)`, (value) => !placeholder.test(value)),
  shape("credentials", String.raw`(:\/\/)[\w-]{20,256}(?=@)`),
  shape("secret", String.raw`(${assigned}")(?:[^"\\\n]|\\[^\n]){4,4096}`, isValue),
  shape("secret", String.raw`(${assigned}')(?:[^'\\\n]|\\[^\n]){4,4096}`, isValue),
  shape("secret", String.raw`(${assigned}\\{1,4}")[^"\\\n]{4,}`, isValue),
  shape("secret", `((?:${word})=)${bare}{4,}`, isLiteral),
  shape("secret", `(${assigned})${bare}{6,}`, (value, next) => isLiteral(value, next) && isMixed(value))
]
