import * as fc from "fast-check"
import { redactor } from "han-core/Redaction"
import { describe, expect, it } from "vitest"
import { runs } from "../../../../../test/runs.ts"

/** Put together here, so that no scanner of secrets takes this file for a leak. */
const from = (alphabet: string, length: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length }).map((letters) => letters.join(""))
const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
const digits = "0123456789"
const word = `${upper}${upper.toLowerCase()}${digits}`
const example = (prefix: string, length: number): string => prefix + "Ab3dEfGh1jKlMn0pQrStUvWxYz7".repeat(10).slice(0, length)
const jwt = ["eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"].join(".")
const key = (lines: number): string => `-----BEGIN RSA PRIV${""}ATE KEY-----\n${`${example("", 64)}\n`.repeat(lines)}-----END RSA PRIV${""}ATE KEY-----`

const redact = redactor({}).text

const shapes: ReadonlyArray<readonly [kind: string, secret: string]> = [
  ["github-pat", example("gh" + "p_", 36)],
  ["github-oauth", example("gh" + "o_", 36)],
  ["github-app-token", example("gh" + "s_", 36)],
  ["github-refresh-token", example("gh" + "r_", 76)],
  ["github-fine-grained-pat", `${example("github" + "_pat_", 22)}_${example("", 59)}`],
  ["gitlab-token", example("gl" + "pat-", 20)],
  ["npm-access-token", example("np" + "m_", 36)],
  ["slack-token", `xo${"x"}b-123456789012-${example("", 24)}`],
  ["slack-token", `xo${"x"}p-123456789012-${example("", 24)}`],
  ["aws-access-token", `AK${"IA"}IOSFODNN7EXAMPLE`],
  ["aws-access-token", `AS${"IA"}IOSFODNN7EXAMPLE`],
  ["gcp-api-key", example("AI" + "za", 35)],
  ["stripe-access-token", example("sk" + "_live_", 24)],
  ["stripe-access-token", example("rk" + "_live_", 24)],
  ["anthropic-api-key", example("sk-" + "ant-api03-", 90)],
  ["openai-api-key", example("sk-", 48)],
  ["openai-api-key", example("sk-" + "proj-", 60)],
  ["jwt", jwt],
  ["private-key", key(12)]
]

describe("a secret that shows by its shape", () => {
  it.each(shapes)("A secret of the kind %s is taken out: %#", (kind, secret) => {
    for (const [before, after] of [
      ["", ""],
      ["before ", " after"],
      ['{"x":"', '"}'],
      ["\u001b[32m", "\u001b[0m"],
      ["line\\n", "\\n"],
      ["a=%20", "&b=1"],
      ["\n", "\n"]
    ] as const)
      expect(redact(`${before}${secret}${after}`)).toBe(`${before}[REDACTED:${kind}]${after}`)
  })

  it("A redaction keeps the name of what is assigned, and what is around it", () => {
    for (const [given, expected] of [
      ["password=hunter2 user=ann", "password=[REDACTED:assigned-secret] user=ann"],
      ["DB_PASSWORD='correct horse'", "DB_PASSWORD='[REDACTED:assigned-secret]'"],
      ['{"password": "a\\"b c", "user": "ann"}', '{"password": "[REDACTED:assigned-secret]", "user": "ann"}'],
      ['{\\"clientSecret\\": \\"abc def\\", \\"n\\": 1}', '{\\"clientSecret\\": \\"[REDACTED:assigned-secret]\\", \\"n\\": 1}'],
      ["aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [REDACTED:assigned-secret]"],
      ["api-key: abc123def456", "api-key: [REDACTED:assigned-secret]"],
      ["mysql --password=s3cr3t -u root", "mysql --password=[REDACTED:assigned-secret] -u root"],
      ["//registry.npmjs.org/:_authToken=abcdef-123", "//registry.npmjs.org/:_authToken=[REDACTED:assigned-secret]"],
      ["https://x.test/?access_token=abcdef&page=2", "https://x.test/?access_token=[REDACTED:assigned-secret]&page=2"],
      ["Authorization: Bearer abc.def", "Authorization: Bearer [REDACTED:authorization]"],
      ["curl -H 'authorization: Basic dXNlcjpwYXNz'", "curl -H 'authorization: Basic [REDACTED:authorization]'"],
      ["postgres://ann:p@ss:w0rd@db.test:5432/app", "postgres://ann:[REDACTED:url-password]@db.test:5432/app"],
      ["git clone https://0123456789abcdef0123@host.test/x.git", "git clone https://[REDACTED:url-token]@host.test/x.git"]
    ] as const)
      expect(redact(given)).toBe(expected)
  })

  it("A secret goes with what is left of a key that breaks off", () => {
    const whole = key(12)
    const text = `before\n${whole.slice(0, 400)}`
    expect(redact(text)).toBe("before\n[REDACTED:private-key]")
    expect(redact(`${whole}\nbetween\n${whole}`)).toBe("[REDACTED:private-key]\nbetween\n[REDACTED:private-key]")
    expect(redact(`a "-----BEGIN PRIV${""}ATE KEY-----" is missing; see the manual`)).toBe('a "[REDACTED:private-key]" is missing; see the manual')
  })
})

describe("ordinary text", () => {
  it.each([
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b (HEAD -> main, origin/main)",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  dist/han",
    'integrity: "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="',
    "session 550e8400-e29b-41d4-a716-446655440000 ended",
    "src/login.ts(12,7): error TS2322: Type 'string' is not assignable to type 'Token'.",
    "const token = tokens[index1]",
    "function login(password: string, token: Token1): void",
    "login({ password: readPassword1(), token=nextToken(3) })",
    "if (secret === null || token === undefined) throw new Error()",
    '{"input_tokens": 123456789, "output_tokens":42}',
    "PASSWORD=$DB_PASSWORD TOKEN=${TOKEN} secret=<your-secret-1> password=********",
    "the task-management-and-desk-organization-board is risk-free",
    "http://localhost:8080/a@b and ssh://git@github.com/a/b.git and mailto:a@b.test",
    "at run (file:///work/app/node_modules/vitest/dist/chunk-1a2b3c4d.js:120:13)",
    "npm_config_user_agent=npm/10.9.0 node/v22.15.0 linux x64",
    "A bearer of news; the secret: nobody knows. Password: required",
    "Basic authentication and token refresh",
    '+  "resolved": "https://registry.npmjs.org/effect/-/effect-3.22.4.tgz",'
  ])("The ordinary text %s stays as it is", (text) => {
    expect(redact(text)).toBe(text)
  })
})

describe("secrets of the environment", () => {
  it("Secrets of the environment go by the name of their variable", () => {
    const value = "correct-horse/battery"
    for (const name of ["GITHUB_TOKEN", "my_secret", "DB_PASSWORD", "MYSQL_PWD", "OPENAI_API_KEY", "NPM_AUTH", "AWS_CREDENTIALS", "X_PRIVATE_KEY"])
      expect(redactor({ [name]: value }).text(`a${value}b`)).toBe(`a[REDACTED:${name}]b`)
  })

  it("Values of the environment stay when the name or the value says that they are no secret", () => {
    const text = "/run/secrets/key.json true 12345678 /home/ann/project https://login.test/token correct-horse"
    const harmless = {
      TOKEN_FILE: "/run/secrets/key.json",
      GOOGLE_APPLICATION_CREDENTIALS: "/run/secrets/key.json",
      USE_AUTH: "true",
      MAX_TOKENS: "12345678",
      PWD: "/home/ann/project",
      SSH_AUTH_SOCK: "/home/ann/project",
      AUTH_TOKEN_URL: "https://login.test/token",
      GREETING: "correct-horse"
    }
    expect(redactor(harmless).text(text)).toBe(text)
  })

  it("Secrets of the environment are found in JSON, in URLs, and line by line", () => {
    const hide = redactor({ DEPLOY_SECRET: 'quo"te & space', SIGNING_KEY: `first line of 30 characters\nsecond line of 30 characters` }).text
    expect(hide(JSON.stringify({ a: 'quo"te & space' }))).toBe('{"a":"[REDACTED:DEPLOY_SECRET]"}')
    expect(hide(`?a=${encodeURIComponent('quo"te & space')}&b`)).toBe("?a=[REDACTED:DEPLOY_SECRET]&b")
    expect(hide("> second line of 30 characters <")).toBe("> [REDACTED:SIGNING_KEY] <")
    expect(hide("first line of 30 characters\nsecond line of 30 characters")).toBe("[REDACTED:SIGNING_KEY]")
  })

  it("Secrets of the environment leave nothing of a longer one that holds a shorter one", () => {
    const hide = redactor({ A_TOKEN: "abcdefgh", B_TOKEN: "xxabcdefghxx" }).text
    expect(hide("xxabcdefghxx abcdefgh")).toBe("[REDACTED:B_TOKEN] [REDACTED:A_TOKEN]")
  })
})

const pieces = fc.oneof(
  fc.constantFrom(...shapes.map(([, secret]) => secret)),
  fc.constantFrom(
    "password=",
    "token: ",
    'secret="',
    "Authorization: Bearer ",
    "://",
    ":",
    "@",
    "eyJ",
    ".",
    "-",
    "_",
    '"',
    "'",
    "\\",
    "\n",
    " ",
    "(",
    "=",
    "$",
    "%20",
    "\u001b[1m"
  ),
  fc.constantFrom(
    "[REDACTED:url-password]",
    "[REDACTED",
    "-----BEGIN PRIV" + "ATE KEY-----",
    "-----END",
    "ghp_",
    "sk-",
    "hunter2hunter2",
    "envsecret-1",
    "Ab1"
  ),
  from(word, 20),
  fc.string({ unit: "grapheme", maxLength: 6 })
)
const texts = fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join(""))
const environments = fc.dictionary(
  fc.constantFrom("A_TOKEN", "B_SECRET", "DB_PASSWORD", "HOME"),
  fc.oneof(fc.constantFrom("envsecret-1", "hunter2hunter2"), from(word, 12))
)

describe("redaction", () => {
  it("A second redaction changes nothing", () => {
    fc.assert(
      fc.property(environments, texts, (environment, text) => {
        const hide = redactor(environment).text
        const once = hide(text)
        expect(hide(once)).toBe(once)
      }),
      { numRuns: runs(3000, 300) }
    )
  })

  it("A redaction lets no planted secret through", () => {
    const planted = fc.oneof(
      fc.tuple(fc.constantFrom("gh" + "p_", "gh" + "o_", "gh" + "s_", "np" + "m_"), from(word, 36)),
      fc.tuple(fc.constantFrom("github" + "_pat_"), from(word, 60)),
      fc.tuple(fc.constantFrom("gl" + "pat-"), from(`${word}-_`, 20)),
      fc.tuple(fc.constantFrom("AK" + "IA", "AS" + "IA"), from(upper + digits, 16)),
      fc.tuple(fc.constantFrom("AI" + "za"), from(`${word}_`, 35)),
      fc.tuple(fc.constantFrom("sk" + "_live_", "rk" + "_live_"), from(word, 24)),
      fc.tuple(fc.constantFrom("sk-" + "ant-", "sk-" + "proj-"), from(`${word}-_`, 60)),
      fc.tuple(fc.constant("sk-"), from(word, 40))
    )
    const around = fc.constantFrom("", " ", "\n", '"', "'", ":", "=", "/", ",", "(", ")", "\u001b[0m", "é", "日")
    fc.assert(
      fc.property(texts, around, planted, around, texts, (before, left, [prefix, rest], right, after) => {
        // Between two other characters: what is glued to letters is another word.
        const text = `${before};${left}${prefix}${rest}${right === "" ? " " : right}${after}`
        expect(redact(text)).not.toContain(rest)
      }),
      { numRuns: runs(3000, 300) }
    )
  })

  it("A redaction lets no value of a secret variable through, whatever stands around it", () => {
    fc.assert(
      fc.property(from(word, 16), texts, texts, (value, before, after) => {
        fc.pre(!/^\d+$/.test(value))
        expect(redactor({ THE_TOKEN: value }).text(`${before}${value}${after}`)).not.toContain(value)
      }),
      { numRuns: runs(1000, 200) }
    )
  })

  it("A redaction ends, however the text is made", () => {
    const long = (unit: string): string => unit.repeat(Math.ceil(1_000_000 / unit.length))
    const hide = redactor({ A_TOKEN: `${"a".repeat(200)}b`, B_TOKEN: "eyJeyJeyJeyJ" }).text
    const units = [
      "a",
      "eyJ",
      "-eyJ",
      "eyJaaaaaaaa.",
      "%20eyJ",
      "gh" + "p_",
      "github_pat_",
      "sk-",
      "sk-ant-",
      "xoxb-",
      "AKIA",
      "password=",
      "password: ",
      'password="',
      "token=token(",
      "token='\\",
      'secret\\\\"',
      "secret        ",
      "authorization: ",
      "bearer ",
      "://",
      "://a:",
      "://a:b@",
      "a:b",
      "-----BEGIN PRIV" + "ATE KEY-----",
      "-----BEGIN PRIV" + "ATE KEY-----\nAAAA\n",
      "-----BEGIN ",
      "-----END",
      "[REDACTED:a]",
      "[REDACTED:",
      "\u001b[0;",
      "\\n"
    ]
    let ended = 0
    for (const unit of units) if (hide(`${long(unit)}(`).length > 0) ended++
    expect(ended).toBe(units.length)
  }, 120_000)
})
