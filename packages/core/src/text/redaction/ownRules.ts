import { isMixed, isPlaceholder, isValue, type SecretForm, type SecretRule, tokenBegin, tokenEnd } from "./secretForms.ts"

const always = (): boolean => true
/** Its letters are as they are written here. */
const token = (id: string, keywords: string, pattern: string): SecretRule => ({
  id,
  keywords: keywords.split(" "),
  rank: "token",
  forms: [{ pattern: new RegExp(pattern, "y"), accepts: always }]
})
const form = (pattern: string, accepts: SecretForm["accepts"] = always): SecretForm => ({ pattern: new RegExp(pattern, "iy"), accepts })
const general = (id: string, keywords: ReadonlyArray<string>, forms: ReadonlyArray<SecretForm>): SecretRule => ({ id, keywords, rank: "general", forms })

/** Tokens that gitleaks does not know, or knows in one length only: a longer or shorter one is a secret, too. */
const tokens: ReadonlyArray<SecretRule> = [
  token("han-api-key", "han_", "han_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}"),
  token("github-pat", "ghp_", "ghp_[A-Za-z0-9]{20,}"),
  token("github-oauth", "gho_", "gho_[A-Za-z0-9]{20,}"),
  token("github-app-token", "ghu_ ghs_", "gh[us]_[A-Za-z0-9]{20,}"),
  token("github-refresh-token", "ghr_", "ghr_[A-Za-z0-9]{20,}"),
  token("github-fine-grained-pat", "github_pat_", "github_pat_[A-Za-z0-9_]{20,}"),
  token(
    "gitlab-token",
    "glpat- gldt- glrt- glcbt- glptt- glft- glimt- glagent- gloas- glsoat- glffct-",
    "gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{16,}"
  ),
  token("npm-access-token", "npm_", "npm_[A-Za-z0-9]{36,}"),
  token("slack-token", "xox xapp-", `${tokenBegin}x(?:ox[a-z]|app)-[A-Za-z0-9-]{10,}`),
  token("aws-access-token", "akia asia", `${tokenBegin}(?:AKIA|ASIA)[A-Z0-9]{16,}`),
  token("gcp-api-key", "aiza", `${tokenBegin}AIza[A-Za-z0-9_-]{35,}`),
  token("stripe-access-token", "sk_live_ sk_test_ rk_live_ rk_test_", `${tokenBegin}[sr]k_(?:live|test)_[A-Za-z0-9]{10,}`),
  token("stripe-webhook-secret", "whsec_", `${tokenBegin}whsec_[A-Za-z0-9+/]{24,}={0,2}`),
  token("anthropic-api-key", "sk-ant-", `${tokenBegin}sk-ant-[A-Za-z0-9_-]{10,}`),
  token("openai-api-key", "sk-", `${tokenBegin}sk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20,})`),
  token("openrouter-api-key", "sk-or-v1-", `${tokenBegin}sk-or-v1-[A-Za-z0-9_-]{20,}`),
  token("groq-api-key", "gsk_", `${tokenBegin}gsk_[A-Za-z0-9]{40,}`),
  token("xai-api-key", "xai-", `${tokenBegin}xai-[A-Za-z0-9]{40,}`),
  token("replicate-api-token", "r8_", `${tokenBegin}r8_[A-Za-z0-9]{37,}`),
  token("google-oauth-client-secret", "gocspx-", `${tokenBegin}GOCSPX-[A-Za-z0-9_-]{28,}`),
  token("google-oauth-access-token", "ya29.", `${tokenBegin}ya29\\.[A-Za-z0-9_-]{30,}`),
  token("google-oauth-refresh-token", "1//0", `${tokenBegin}1//0[A-Za-z0-9_-]{40,}`),
  token("docker-pat", "dckr_pat_", `${tokenBegin}dckr_pat_[A-Za-z0-9_-]{27,}`),
  token("figma-pat", "figd_", `${tokenBegin}figd_[A-Za-z0-9_-]{38,}`),
  token("supabase-token", "sbp_", `${tokenBegin}sbp_[a-f0-9]{40,}`),
  token("netlify-pat", "nfp_", `${tokenBegin}nfp_[A-Za-z0-9]{36,}`),
  token("tailscale-key", "tskey-", `${tokenBegin}tskey-[a-z]+-[A-Za-z0-9]+-[A-Za-z0-9]{16,}`),
  token("doppler-token", "dp.", `${tokenBegin}dp\\.(?:pt|st|ct|scim|audit)\\.(?:[a-z0-9_-]{2,35}\\.)?[A-Za-z0-9]{40,44}${tokenEnd}`),
  token("notion-secret", "secret_", `${tokenBegin}secret_[A-Za-z0-9]{43}${tokenEnd}`),
  token("new-relic-key", "nrak- nrii- nrjs-", `${tokenBegin}NR(?:AK-[A-Z0-9]{27}|II-[A-Za-z0-9-]{32}|JS-[a-f0-9]{19})${tokenEnd}`),
  token("mailgun-key", "key-", `${tokenBegin}key-[a-f0-9]{32}${tokenEnd}`),
  token("typeform-token", "tfp_", `${tokenBegin}tfp_[A-Za-z0-9_.=-]{59}${tokenEnd}`),
  token("linear-oauth-token", "lin_oauth_", `${tokenBegin}lin_oauth_[A-Za-z0-9]{40,}`),
  token("dropbox-short-lived-token", "sl.", `${tokenBegin}sl\\.[A-Za-z0-9_=-]{130,}`),
  token("square-secret", "sq0csp-", `${tokenBegin}sq0csp-[A-Za-z0-9_-]{43}`),
  token("telegram-bot-token", ":aa", String.raw`(?<=(?<![\w:])\d{8,10}):AA[A-Za-z0-9_-]{33}(?![\w-])`),
  token("azure-storage-key", "accountkey= sharedaccesskey=", "((?:Account|SharedAccess)Key=)[A-Za-z0-9+/]{40,88}={0,2}"),
  // A header of 600 characters is 450 bytes of JSON.
  token("jwt", "eyj", `${tokenBegin}eyJ[\\w-]{4,600}\\.eyJ[\\w-]{4,2500}(?:\\.[\\w-]*)?`)
]

const words = "password passwd passphrase secret token credential _auth".split(" ")
const keyWords = "api access private secret signing encryption".split(" ").flatMap((kind) => ["", "_", "-"].map((mark) => `${kind}${mark}key`))
const word = `${words.join("|")}|(?:api|access|private|secret|signing|encryption)[_-]?key`
const assigned = String.raw`(?:${word})\\{0,4}["']?\s{0,8}(?:=>|:=|=|:)\s{0,8}`
const authorization = String.raw`authorization\\{0,4}["']?\s{0,8}[:=]\s{0,8}\\{0,4}["']?`
const bare = "[^\\s\"'`,;&<>(){}\\[\\]\\\\|]"
const reference = new RegExp(String.raw`^[\w.$-]*(?:${word})s?\d*$`, "i")
/** In code a call, an index or another variable stands there. */
const isLiteral = (value: string, next: string): boolean => isValue(value) && next !== "(" && next !== "[" && !reference.test(value)

/** The name of a value that is a secret as a whole, as an object's key. */
export const namesSecret = (key: string): boolean => secretKey.test(key)
const secretKey = new RegExp(`(?:${word})$`, "i")

/** Rules that know a secret by what stands around it. What repeats is bounded, so that an expression that fails costs little. */
const contexts: ReadonlyArray<SecretRule> = [
  general(
    "authorization",
    ["authorization"],
    [
      form(String.raw`(${authorization}(?:bearer|basic|token|digest|negotiate|apikey)\s{1,8})[^\s"',;\\]{4,2000}`, isValue),
      form(String.raw`(${authorization})[^\s"',;\\]{12,2000}`, (value) => isValue(value) && isMixed(value))
    ]
  ),
  general("authorization", ["bearer"], [form(String.raw`((?<![a-z])bearer\s{1,8})[\w.~+/=-]{16,2000}`, (value) => /\d/.test(value))]),
  general("url-password", ["://"], [form(String.raw`(:\/\/[^\s/?#@:"'<>]{0,256}:)[^\s/?#"'<>]{1,512}(?=@)`, (value) => !isPlaceholder(value))]),
  general("url-token", ["://"], [form(String.raw`(:\/\/)[\w-]{20,256}(?=@)`)]),
  {
    ...general(
      "assigned-secret",
      [...words, ...keyWords],
      [
        form(String.raw`(${assigned}")(?:[^"\\\n]|\\[^\n]){4,4000}`, isValue),
        form(String.raw`(${assigned}')(?:[^'\\\n]|\\[^\n]){4,4000}`, isValue),
        form(String.raw`(${assigned}\\{1,4}")[^"\\\n]{4,4000}`, isValue),
        form(`((?:${word})=)${bare}{4,256}`, isLiteral),
        form(`(${assigned})${bare}{6,256}`, (value, next) => isLiteral(value, next) && isMixed(value))
      ]
    ),
    head: new RegExp(assigned, "iy")
  }
]

/** han's own rules. */
export const ownRules: ReadonlyArray<SecretRule> = [...tokens, ...contexts]
