// Secrets that look real and are none, put together here so that no scanner of secrets takes this file for a leak.

/** Numbers that are the same on every run. */
export const sequence = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
const lower = upper.toLowerCase()
const digits = "0123456789"
const word = upper + lower + digits
const hex = `${digits}abcdef`
const wordy = `${word}_-`

type Make = (of: (alphabet: string, length: number) => string) => string

/** Sixty and more kinds of secrets that show by themselves. */
const makes: Readonly<Record<string, Make>> = {
  "1password-secret-key": (of) =>
    `A${"3-"}${of(upper + digits, 6)}-${of(upper + digits, 11)}-${[5, 5, 5].map((length) => of(upper + digits, length)).join("-")}`,
  "adobe-client-secret": (of) => `p8${"e-"}${of(word, 32)}`,
  "age-secret-key": (of) => `AGE-SEC${"RET-KEY-1"}${of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)}`,
  "anthropic-admin-key": (of) => `sk-${"ant-admin01-"}${of(wordy, 93)}AA`,
  "anthropic-api-key": (of) => `sk-${"ant-api03-"}${of(wordy, 93)}AA`,
  atlassian: (of) => `ATA${"TT3"}${of(wordy, 186)}`,
  "aws-access-key": (of) => `AK${"IA"}${of(`${upper}234567`, 16)}`,
  "aws-session-key": (of) => `AS${"IA"}${of(`${upper}234567`, 16)}`,
  "azure-ad": (of) => `${of(word, 3)}8${"Q~"}${of(word, 34)}`,
  databricks: (of) => `da${"pi"}${of(hex, 32)}`,
  digitalocean: (of) => `do${"p_v1_"}${of(hex, 64)}`,
  "digitalocean-oauth": (of) => `do${"o_v1_"}${of(hex, 64)}`,
  docker: (of) => `dck${"r_pat_"}${of(wordy, 27)}`,
  doppler: (of) => `dp${".pt."}${of(word, 43)}`,
  dropbox: (of) => `s${"l."}${of(wordy, 135)}`,
  dynatrace: (of) => `dt0${"c01."}${of(upper + digits, 24)}.${of(upper + digits, 64)}`,
  easypost: (of) => `EZ${"AK"}${of(word, 54)}`,
  figma: (of) => `fi${"gd_"}${of(wordy, 40)}`,
  flyio: (of) => `fo${"1_"}${of(wordy, 43)}`,
  "gcp-api-key": (of) => `AI${"za"}${of(wordy, 35)}`,
  "github-app": (of) => `gh${"s_"}${of(word, 36)}`,
  "github-fine-grained": (of) => `github${"_pat_"}${of(word, 22)}_${of(word, 59)}`,
  "github-oauth": (of) => `gh${"o_"}${of(word, 36)}`,
  "github-pat": (of) => `gh${"p_"}${of(word, 36)}`,
  "github-refresh": (of) => `gh${"r_"}${of(word, 36)}`,
  "github-user": (of) => `gh${"u_"}${of(word, 36)}`,
  "gitlab-deploy": (of) => `gl${"dt-"}${of(wordy, 20)}`,
  "gitlab-pat": (of) => `gl${"pat-"}${of(wordy, 20)}`,
  "gitlab-routable": (of) => `gl${"pat-"}${of(wordy, 27)}.${of(digits + lower, 2)}${of(digits + lower, 7)}`,
  "gitlab-runner": (of) => `gl${"rt-"}${of(wordy, 20)}`,
  "google-oauth": (of) => `GOC${"SPX-"}${of(wordy, 28)}`,
  "google-token": (of) => `ya${"29."}${of(wordy, 120)}`,
  grafana: (of) => `gl${"sa_"}${of(word, 32)}_${of(hex, 8)}`,
  groq: (of) => `gs${"k_"}${of(word, 52)}`,
  han: (of) => `ha${"n_"}${of(word, 12)}_${of(word, 43)}_${of(word, 6)}`,
  heroku: (of) => `HRK${"U-AA"}${of(wordy, 58)}`,
  huggingface: (of) => `h${"f_"}${of(upper + lower, 34)}`,
  jwt: (of) => `ey${"JhbGciOiJIUzI1NiJ9"}.ey${"J"}${of(word, 60)}.${of(wordy, 43)}`,
  linear: (of) => `lin${"_api_"}${of(word, 40)}`,
  "new-relic": (of) => `NR${"AK-"}${of(upper + digits, 27)}`,
  notion: (of) => `nt${"n_"}${of(digits, 11)}${of(word, 35)}`,
  npm: (of) => `np${"m_"}${of(word, 36)}`,
  openai: (of) => `sk${"-"}${of(word, 48)}`,
  "openai-project": (of) => `sk${"-proj-"}${of(wordy, 74)}T3Blbk${"FJ"}${of(wordy, 74)}`,
  openrouter: (of) => `sk${"-or-v1-"}${of(hex, 64)}`,
  perplexity: (of) => `pp${"lx-"}${of(word, 48)}`,
  postman: (of) => `PM${"AK-"}${of(hex, 24)}-${of(hex, 34)}`,
  "private-key": (of) => `-----BEGIN PRIV${"ATE KEY"}-----\n${[1, 2, 3, 4].map(() => of(`${word}+/`, 64)).join("\n")}\n-----END PRIV${"ATE KEY"}-----`,
  pulumi: (of) => `pu${"l-"}${of(hex, 40)}`,
  pypi: (of) => `py${"pi-AgEIcHlwaS5vcmc"}${of(wordy, 120)}`,
  replicate: (of) => `r${"8_"}${of(word, 37)}`,
  rubygems: (of) => `ruby${"gems_"}${of(hex, 48)}`,
  sendgrid: (of) => `S${"G."}${of(wordy, 22)}.${of(wordy, 43)}`,
  sendinblue: (of) => `xkey${"sib-"}${of(hex, 64)}-${of(word, 16)}`,
  sentry: (of) => `sntr${"yu_"}${of(hex, 64)}`,
  shopify: (of) => `shp${"at_"}${of(hex, 32)}`,
  "slack-app": (of) => `xa${"pp-1-"}A${of(upper + digits, 10)}-${of(digits, 13)}-${of(hex, 64)}`,
  "slack-bot": (of) => `xo${"xb-"}${of(digits, 12)}-${of(digits, 12)}-${of(word, 24)}`,
  "slack-user": (of) => `xo${"xp-"}${of(digits, 12)}-${of(digits, 12)}-${of(digits, 12)}-${of(hex, 32)}`,
  "slack-webhook": (of) => `hooks.sla${"ck.com/services/"}T${of(upper + digits, 8)}/B${of(upper + digits, 8)}/${of(word, 24)}`,
  square: (of) => `sq0${"atp-"}${of(wordy, 22)}`,
  stripe: (of) => `sk${"_live_"}${of(word, 24)}`,
  "stripe-restricted": (of) => `rk${"_live_"}${of(word, 24)}`,
  "stripe-webhook": (of) => `wh${"sec_"}${of(word, 32)}`,
  supabase: (of) => `sb${"p_"}${of(hex, 40)}`,
  tailscale: (of) => `ts${"key-auth-"}${of(word, 12)}-${of(word, 32)}`,
  telegram: (of) => `${of("123456789", 10)}:A${"A"}${of(wordy, 33)}`,
  terraform: (of) => `${of(word, 14)}.atlas${"v1."}${of(wordy, 67)}`,
  twilio: (of) => `S${"K"}${of(hex, 32)}`,
  vault: (of) => `hv${"s."}${of(wordy, 95)}`,
  xai: (of) => `xa${"i-"}${of(word, 80)}`
}

/** Of each kind some secrets, the same on every run. */
export const secretSamples = (each: number): ReadonlyArray<{ readonly kind: string; readonly secret: string }> => {
  const random = sequence(20261201)
  const of = (alphabet: string, length: number): string => Array.from({ length }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join("")
  // A token ends with a letter or a digit: a mark at its end may as well belong to the text.
  const ending = (alphabet: string, length: number): string => `${of(alphabet, length - 1)}${of(alphabet.replace(/[-_]/g, ""), 1)}`
  return Object.entries(makes).flatMap(([kind, make]) => Array.from({ length: each }, () => ({ kind, secret: make(ending) })))
}
