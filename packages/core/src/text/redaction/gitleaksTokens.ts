// The rules of gitleaks (https://github.com/gitleaks/gitleaks, config/gitleaks.toml). MIT License: see LICENSES.md of this package.
// These are its rules for secrets that show by their own form. `\b` at the beginning and at the end stand for the borders of a token in a transcript (`tokenBegin`, `tokenEnd`).
// Changed here: groups that ignore case are written out, for Node 22 has no modifiers; an expression begins at its keyword, or a fixed number of characters before it, and what
// may come before that without being a part of the secret is left out. Left out: `pkcs12-file`, which is about a file's name; `private-key`, `curl-auth-header` and
// `hashicorp-tf-password`, whose secrets the rules of `ownRules` and `privateKeys` find anywhere; `generic-api-key`, which is one of `strictRules`.

/** A secret that shows by its form. */
export interface TokenRule {
  readonly id: string
  /** In lower case; the expression runs where one of them is, in either case. */
  readonly keywords: ReadonlyArray<string>
  /** Its one group, if any, is what comes before the secret. */
  readonly expression: string
  readonly ignoreCase?: true
  /** Shannon's entropy that the secret has at least, in bits for each character. */
  readonly entropy?: number
  /** The number of characters between the beginning and the keyword; 0 if absent. */
  readonly before?: number
  /** The number of characters before the beginning that the expression looks at. */
  readonly context?: number
  /** The secret lies anywhere around the keyword. */
  readonly around?: true
}

export const gitleaksTokens: ReadonlyArray<TokenRule> = [
  {
    id: "1password-secret-key",
    keywords: ["a3-"],
    expression: String.raw`\bA3-[A-Z0-9]{6}-(?:(?:[A-Z0-9]{11})|(?:[A-Z0-9]{6}-[A-Z0-9]{5}))-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}\b`,
    entropy: 3.8
  },
  { id: "1password-service-account-token", keywords: ["ops_"], expression: "ops_eyJ[a-zA-Z0-9+/]{250,}={0,3}", entropy: 4 },
  { id: "adobe-client-secret", keywords: ["p8e-"], expression: String.raw`\bp8e-[A-Za-z0-9]{32}\b`, entropy: 2 },
  { id: "age-secret-key", keywords: ["age-secret-key-1"], expression: "AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}" },
  { id: "alibaba-access-key-id", keywords: ["ltai"], expression: String.raw`\bLTAI[A-Za-z0-9]{20}\b`, entropy: 2 },
  { id: "atlassian-api-token", keywords: ["atatt3"], expression: String.raw`\bATATT3[A-Za-z0-9_\-=]{186}\b`, entropy: 3.5 },
  {
    id: "authress-service-client-access-key",
    keywords: ["sc_", "ext_", "scauth_", "authress_"],
    expression: String.raw`\b(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.acc[_-][A-Za-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120}\b`,
    entropy: 2
  },
  {
    id: "aws-access-token",
    keywords: ["a3t", "akia", "asia", "abia", "acca"],
    expression: String.raw`\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b`,
    entropy: 3
  },
  {
    id: "azure-ad-client-secret",
    keywords: ["q~"],
    expression: String.raw`(?<![\w~.-])[a-zA-Z0-9_~.]{3}\dQ~[a-zA-Z0-9_~.-]{31,34}(?![\w~.-])`,
    entropy: 3,
    before: 4
  },
  { id: "clickhouse-cloud-api-secret-key", keywords: ["4b1d"], expression: String.raw`\b4b1d[A-Za-z0-9]{38}\b`, entropy: 3 },
  { id: "clojars-api-token", keywords: ["clojars_"], expression: "CLOJARS_[a-z0-9]{60}", ignoreCase: true, entropy: 2 },
  { id: "cloudflare-origin-ca-key", keywords: ["v1.0-"], expression: String.raw`\bv1\.0-[a-f0-9]{24}-[a-f0-9]{146}\b`, entropy: 2 },
  {
    id: "curl-auth-user",
    keywords: [" -u", " --user", "\n-u", "\n--user"],
    expression: String.raw`(\s(?:-u|--user)[= \t]{0,5}["']?[^\s:"']{0,100}:)[^\s"']{3,200}(?<=\bcurl\b[\s\S]{0,1400})`,
    entropy: 2,
    context: 1000
  },
  { id: "databricks-api-token", keywords: ["dapi"], expression: String.raw`\bdapi[a-f0-9]{32}(?:-\d)?\b`, entropy: 3 },
  { id: "digitalocean-access-token", keywords: ["doo_v1_"], expression: String.raw`\bdoo_v1_[a-f0-9]{64}\b`, entropy: 3 },
  { id: "digitalocean-pat", keywords: ["dop_v1_"], expression: String.raw`\bdop_v1_[a-f0-9]{64}\b`, entropy: 3 },
  { id: "digitalocean-refresh-token", keywords: ["dor_v1_"], expression: String.raw`\bdor_v1_[a-f0-9]{64}\b`, ignoreCase: true },
  { id: "doppler-api-token", keywords: ["dp.pt."], expression: String.raw`dp\.pt\.[A-Za-z0-9]{43}`, entropy: 2 },
  { id: "duffel-api-token", keywords: ["duffel_"], expression: String.raw`duffel_(?:test|live)_[A-Za-z0-9_\-=]{43}`, entropy: 2 },
  { id: "dynatrace-api-token", keywords: ["dt0c01."], expression: String.raw`dt0c01\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}`, entropy: 4 },
  { id: "easypost-api-token", keywords: ["ezak"], expression: String.raw`\bEZAK[A-Za-z0-9]{54}\b`, entropy: 2 },
  { id: "easypost-test-api-token", keywords: ["eztk"], expression: String.raw`\bEZTK[A-Za-z0-9]{54}\b`, entropy: 2 },
  {
    id: "facebook-access-token",
    keywords: ["facebook"],
    expression: String.raw`\b\d{15,16}[|%][0-9a-z\-_]{27,40}\b`,
    ignoreCase: true,
    entropy: 3,
    around: true
  },
  { id: "facebook-page-access-token", keywords: ["eaam", "eaac"], expression: String.raw`\bEAA[MC][A-Za-z0-9]{100,}\b`, entropy: 4 },
  { id: "flutterwave-encryption-key", keywords: ["flwseck_test"], expression: "FLWSECK_TEST-[A-Ha-h0-9]{12}", entropy: 2 },
  { id: "flutterwave-public-key", keywords: ["flwpubk_test"], expression: "FLWPUBK_TEST-[A-Ha-h0-9]{32}-X", entropy: 2 },
  { id: "flutterwave-secret-key", keywords: ["flwseck_test"], expression: "FLWSECK_TEST-[A-Ha-h0-9]{32}-X", entropy: 2 },
  {
    id: "flyio-access-token",
    keywords: ["fo1_", "fm1", "fm2_"],
    expression: String.raw`\b(?:fo1_[\w-]{43}|fm1[ar]_[a-zA-Z0-9+\/]{100,}={0,3}|fm2_[a-zA-Z0-9+\/]{100,}={0,3})\b`,
    entropy: 4
  },
  { id: "frameio-api-token", keywords: ["fio-u-"], expression: String.raw`fio-u-[A-Za-z0-9\-_=]{64}` },
  { id: "freemius-secret-key", keywords: ["secret_key"], expression: String.raw`(secret_key["']\s{0,8}=>\s{0,8}["'])sk_[^\s"']{29}`, ignoreCase: true },
  { id: "gcp-api-key", keywords: ["aiza"], expression: String.raw`\bAIza[\w-]{35}\b`, entropy: 4 },
  { id: "github-app-token", keywords: ["ghu_", "ghs_"], expression: "(?:ghu|ghs)_[0-9a-zA-Z]{36}", entropy: 3 },
  { id: "github-fine-grained-pat", keywords: ["github_pat_"], expression: String.raw`github_pat_\w{82}`, entropy: 3 },
  { id: "github-oauth", keywords: ["gho_"], expression: "gho_[0-9a-zA-Z]{36}", entropy: 3 },
  { id: "github-pat", keywords: ["ghp_"], expression: "ghp_[0-9a-zA-Z]{36}", entropy: 3 },
  { id: "github-refresh-token", keywords: ["ghr_"], expression: "ghr_[0-9a-zA-Z]{36}", entropy: 3 },
  { id: "gitlab-cicd-job-token", keywords: ["glcbt-"], expression: "glcbt-[0-9a-zA-Z]{1,5}_[0-9a-zA-Z_-]{20}", entropy: 3 },
  { id: "gitlab-deploy-token", keywords: ["gldt-"], expression: String.raw`gldt-[0-9a-zA-Z_\-]{20}`, entropy: 3 },
  { id: "gitlab-feature-flag-client-token", keywords: ["glffct-"], expression: String.raw`glffct-[0-9a-zA-Z_\-]{20}`, entropy: 3 },
  { id: "gitlab-feed-token", keywords: ["glft-"], expression: String.raw`glft-[0-9a-zA-Z_\-]{20}`, entropy: 3 },
  { id: "gitlab-incoming-mail-token", keywords: ["glimt-"], expression: String.raw`glimt-[0-9a-zA-Z_\-]{25}`, entropy: 3 },
  { id: "gitlab-kubernetes-agent-token", keywords: ["glagent-"], expression: String.raw`glagent-[0-9a-zA-Z_\-]{50}`, entropy: 3 },
  { id: "gitlab-oauth-app-secret", keywords: ["gloas-"], expression: String.raw`gloas-[0-9a-zA-Z_\-]{64}`, entropy: 3 },
  { id: "gitlab-pat", keywords: ["glpat-"], expression: String.raw`glpat-[\w-]{20}`, entropy: 3 },
  { id: "gitlab-pat-routable", keywords: ["glpat-"], expression: String.raw`\bglpat-[0-9a-zA-Z_-]{27,300}\.[0-9a-z]{2}[0-9a-z]{7}\b`, entropy: 4 },
  { id: "gitlab-ptt", keywords: ["glptt-"], expression: "glptt-[0-9a-f]{40}", entropy: 3 },
  { id: "gitlab-rrt", keywords: ["gr1348941"], expression: String.raw`GR1348941[\w-]{20}`, entropy: 3 },
  { id: "gitlab-runner-authentication-token", keywords: ["glrt-"], expression: String.raw`glrt-[0-9a-zA-Z_\-]{20}`, entropy: 3 },
  {
    id: "gitlab-runner-authentication-token-routable",
    keywords: ["glrt-"],
    expression: String.raw`\bglrt-t\d_[0-9a-zA-Z_\-]{27,300}\.[0-9a-z]{2}[0-9a-z]{7}\b`,
    entropy: 4
  },
  { id: "gitlab-scim-token", keywords: ["glsoat-"], expression: String.raw`glsoat-[0-9a-zA-Z_\-]{20}`, entropy: 3 },
  { id: "gitlab-session-cookie", keywords: ["_gitlab_session="], expression: "_gitlab_session=[0-9a-z]{32}", entropy: 3 },
  { id: "grafana-api-key", keywords: ["eyjrijoi"], expression: String.raw`\beyJrIjoi[A-Za-z0-9]{70,400}={0,3}\b`, ignoreCase: true, entropy: 3 },
  { id: "grafana-cloud-api-token", keywords: ["glc_"], expression: String.raw`\bglc_[A-Za-z0-9+/]{32,400}={0,3}\b`, ignoreCase: true, entropy: 3 },
  { id: "grafana-service-account-token", keywords: ["glsa_"], expression: String.raw`\bglsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}\b`, ignoreCase: true, entropy: 3 },
  { id: "harness-api-key", keywords: ["pat.", "sat."], expression: String.raw`(?:pat|sat)\.[a-zA-Z0-9_-]{22}\.[a-zA-Z0-9]{24}\.[a-zA-Z0-9]{20}` },
  { id: "hashicorp-tf-api-token", keywords: [".atlasv1."], expression: String.raw`[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9\-_=]{60,70}`, entropy: 3.5, before: 14 },
  { id: "heroku-api-key-v2", keywords: ["hrku-aa"], expression: String.raw`\bHRKU-AA[0-9a-zA-Z_-]{58}\b`, entropy: 4 },
  { id: "huggingface-access-token", keywords: ["hf_"], expression: String.raw`\bhf_[A-Za-z]{34}\b`, entropy: 2 },
  { id: "huggingface-organization-api-token", keywords: ["api_org_"], expression: String.raw`\bapi_org_[A-Za-z]{34}\b`, entropy: 2 },
  { id: "infracost-api-token", keywords: ["ico-"], expression: String.raw`\bico-[a-zA-Z0-9]{32}\b`, entropy: 3 },
  { id: "intra42-client-secret", keywords: ["s-s4t2ud-", "s-s4t2af-"], expression: String.raw`\bs-s4t2(?:ud|af)-[abcdefABCDEF0123456789]{64}\b`, entropy: 3 },
  { id: "jwt", keywords: ["ey"], expression: String.raw`\bey[a-zA-Z0-9]{17,}\.ey[a-zA-Z0-9/_-]{17,}\.(?:[a-zA-Z0-9/_-]{10,}={0,2})?`, entropy: 3 },
  {
    id: "jwt-base64",
    keywords: ["zxlk"],
    expression: String.raw`\bZXlK(?:aGJHY2lPaU|aGNIVWlPaU|aGNIWWlPaU|aGRXUWlPaU|aU5qUWlP|amNtbDBJanBi|amRIa2lPaU|bGNHc2lPbn|bGJtTWlPaU|cWEzVWlPaU|cWQyc2lPb|cGMzTWlPaU|cGRpSTZJ|cmFXUWlP|clpYbGZiM0J6SWpwY|cmRIa2lPaUp|dWIyNWpaU0k2|d01tTWlP|d01uTWlPaU|d2NIUWlPaU|emRXSWlPaU|emRuUWlP|MFlXY2lPaU|MGVYQWlPaUp|MWNtd2l|MWMyVWlPaUp|MlpYSWlPaU|MlpYSnphVzl1SWpv|NElqb2|NE5XTWlP|NE5YUWlPaU|NE5YUWpVekkxTmlJNkl|NE5YVWlPaU|NmFYQWlPaU)[a-zA-Z0-9/_+-]{40,}={0,2}`,
    entropy: 2
  },
  {
    id: "kubernetes-secret-yaml",
    keywords: ["kind:"],
    expression: String.raw`(kind:[ \t]{0,8}["']?secret\b["']?[\s\S]{0,200}?\bdata:\s{1,40})[\w.-]{1,100}:[ \t]{0,8}["']?[a-z0-9+/]{10,}={0,3}["']?(?:\s{1,40}[\w.-]{1,100}:[ \t]{0,8}["']?[a-z0-9+/]{4,}={0,3}["']?){0,50}`,
    ignoreCase: true
  },
  {
    id: "kubernetes-secret-yaml",
    keywords: ["data:"],
    expression: String.raw`((?<![\w.-])data:\s{1,40})[\w.-]{1,100}:[ \t]{0,8}["']?[a-z0-9+/]{10,}={0,3}["']?(?:\s{1,40}[\w.-]{1,100}:[ \t]{0,8}["']?[a-z0-9+/]{4,}={0,3}["']?){0,50}?(?=[\s\S]{0,200}?\bkind:[ \t]{0,8}["']?secret\b)`,
    ignoreCase: true
  },
  { id: "linear-api-key", keywords: ["lin_api_"], expression: "lin_api_[A-Za-z0-9]{40}", entropy: 2 },
  { id: "maxmind-license-key", keywords: ["_mmk"], expression: String.raw`\b[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b`, entropy: 4, before: 36 },
  {
    id: "microsoft-teams-webhook",
    keywords: [".webhook.office.com/"],
    expression: String.raw`\.webhook\.office\.com/webhookb2/[a-z0-9]{8}-(?:[a-z0-9]{4}-){3}[a-z0-9]{12}@[a-z0-9]{8}-(?:[a-z0-9]{4}-){3}[a-z0-9]{12}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9]{8}-(?:[a-z0-9]{4}-){3}[a-z0-9]{12}`
  },
  { id: "notion-api-token", keywords: ["ntn_"], expression: String.raw`\bntn_[0-9]{11}[A-Za-z0-9]{32}[A-Za-z0-9]{3}\b`, entropy: 4 },
  { id: "npm-access-token", keywords: ["npm_"], expression: String.raw`\bnpm_[a-z0-9]{36}\b`, ignoreCase: true, entropy: 2 },
  {
    id: "nuget-config-password",
    keywords: ["<add key="],
    expression: String.raw`(<add key="(?:ClearText)?Password"\s{0,8}value=")[^"\n]{8,200}(?="\s{0,8}/>)`,
    ignoreCase: true,
    entropy: 1
  },
  { id: "octopus-deploy-api-key", keywords: ["api-"], expression: String.raw`\bAPI-[A-Z0-9]{26}\b`, entropy: 3 },
  {
    id: "openai-api-key",
    keywords: ["sk-"],
    expression: String.raw`\b(?:sk-(?:proj|svcacct|admin)-(?:[A-Za-z0-9_-]{74}|[A-Za-z0-9_-]{58})T3BlbkFJ(?:[A-Za-z0-9_-]{74}|[A-Za-z0-9_-]{58})|sk-[a-zA-Z0-9]{20}T3BlbkFJ[a-zA-Z0-9]{20})\b`,
    entropy: 3
  },
  { id: "openshift-user-token", keywords: ["sha256~"], expression: String.raw`\bsha256~[\w-]{43}\b`, entropy: 3.5 },
  { id: "perplexity-api-key", keywords: ["pplx-"], expression: String.raw`\bpplx-[a-zA-Z0-9]{48}\b`, entropy: 4 },
  { id: "planetscale-api-token", keywords: ["pscale_tkn_"], expression: String.raw`\bpscale_tkn_[\w=\.-]{32,64}\b`, entropy: 3 },
  { id: "planetscale-oauth-token", keywords: ["pscale_oauth_"], expression: String.raw`\bpscale_oauth_[\w=\.-]{32,64}\b`, entropy: 3 },
  { id: "planetscale-password", keywords: ["pscale_pw_"], expression: String.raw`\bpscale_pw_[\w=\.-]{32,64}\b`, ignoreCase: true, entropy: 3 },
  { id: "postman-api-token", keywords: ["pmak-"], expression: String.raw`\bPMAK-[A-Fa-f0-9]{24}\-[A-Fa-f0-9]{34}\b`, entropy: 3 },
  { id: "prefect-api-token", keywords: ["pnu_"], expression: String.raw`\bpnu_[a-zA-Z0-9]{36}\b`, entropy: 2 },
  { id: "pulumi-api-token", keywords: ["pul-"], expression: String.raw`\bpul-[a-f0-9]{40}\b`, entropy: 2 },
  { id: "pypi-upload-token", keywords: ["pypi-ageichlwas5vcmc"], expression: String.raw`pypi-AgEIcHlwaS5vcmc[\w-]{50,1000}`, entropy: 3 },
  { id: "readme-api-token", keywords: ["rdme_"], expression: String.raw`\brdme_[a-z0-9]{70}\b`, entropy: 2 },
  { id: "rubygems-api-token", keywords: ["rubygems_"], expression: String.raw`\brubygems_[a-f0-9]{48}\b`, entropy: 2 },
  { id: "scalingo-api-token", keywords: ["tk-us-"], expression: String.raw`\btk-us-[\w-]{48}\b`, entropy: 2 },
  { id: "sendgrid-api-token", keywords: ["sg."], expression: String.raw`\bSG\.[A-Za-z0-9=_\-\.]{66}\b`, entropy: 2 },
  { id: "sendinblue-api-token", keywords: ["xkeysib-"], expression: String.raw`\bxkeysib-[a-f0-9]{64}\-[A-Za-z0-9]{16}\b`, entropy: 2 },
  {
    id: "sentry-org-token",
    keywords: ["sntrys_eyjpyxqio"],
    expression: String.raw`\bsntrys_eyJpYXQiO[a-zA-Z0-9+/]{10,200}(?:LCJyZWdpb25fdXJs|InJlZ2lvbl91cmwi|cmVnaW9uX3VybCI6)[a-zA-Z0-9+/]{10,200}={0,2}_[a-zA-Z0-9+/]{43}\b`,
    entropy: 4.5
  },
  { id: "sentry-user-token", keywords: ["sntryu_"], expression: String.raw`\bsntryu_[a-f0-9]{64}\b`, entropy: 3.5 },
  { id: "settlemint-application-access-token", keywords: ["sm_aat"], expression: String.raw`\bsm_aat_[a-zA-Z0-9]{16}\b`, entropy: 3 },
  { id: "settlemint-personal-access-token", keywords: ["sm_pat"], expression: String.raw`\bsm_pat_[a-zA-Z0-9]{16}\b`, entropy: 3 },
  { id: "settlemint-service-access-token", keywords: ["sm_sat"], expression: String.raw`\bsm_sat_[a-zA-Z0-9]{16}\b`, entropy: 3 },
  { id: "shippo-api-token", keywords: ["shippo_"], expression: String.raw`\bshippo_(?:live|test)_[a-fA-F0-9]{40}\b`, entropy: 2 },
  { id: "shopify-access-token", keywords: ["shpat_"], expression: "shpat_[a-fA-F0-9]{32}", entropy: 2 },
  { id: "shopify-custom-access-token", keywords: ["shpca_"], expression: "shpca_[a-fA-F0-9]{32}", entropy: 2 },
  { id: "shopify-private-app-access-token", keywords: ["shppa_"], expression: "shppa_[a-fA-F0-9]{32}", entropy: 2 },
  { id: "shopify-shared-secret", keywords: ["shpss_"], expression: "shpss_[a-fA-F0-9]{32}", entropy: 2 },
  {
    id: "sidekiq-sensitive-url",
    keywords: ["@gems.contribsys.com", "@enterprise.contribsys.com"],
    expression: String.raw`[a-f0-9]{8}:[a-f0-9]{8}(?=@(?:gems|enterprise)\.contribsys\.com)`,
    ignoreCase: true,
    before: 17
  },
  { id: "slack-app-token", keywords: ["xapp"], expression: String.raw`xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+`, ignoreCase: true, entropy: 2 },
  { id: "slack-bot-token", keywords: ["xoxb"], expression: "xoxb-[0-9]{10,13}-[0-9]{10,13}[a-zA-Z0-9-]*", entropy: 3 },
  {
    id: "slack-config-access-token",
    keywords: ["xoxe.xoxb-", "xoxe.xoxp-"],
    expression: String.raw`xoxe.xox[bp]-\d-[A-Z0-9]{163,166}`,
    ignoreCase: true,
    entropy: 2
  },
  { id: "slack-config-refresh-token", keywords: ["xoxe-"], expression: String.raw`xoxe-\d-[A-Z0-9]{146}`, ignoreCase: true, entropy: 2 },
  { id: "slack-legacy-bot-token", keywords: ["xoxb"], expression: "xoxb-[0-9]{8,14}-[a-zA-Z0-9]{18,26}", entropy: 2 },
  { id: "slack-legacy-token", keywords: ["xoxo", "xoxs"], expression: String.raw`xox[os]-\d+-\d+-\d+-[a-fA-F\d]+`, entropy: 2 },
  { id: "slack-legacy-workspace-token", keywords: ["xoxa", "xoxr"], expression: String.raw`xox[ar]-(?:\d-)?[0-9a-zA-Z]{8,48}`, entropy: 2 },
  { id: "slack-user-token", keywords: ["xoxp-", "xoxe-"], expression: "xox[pe](?:-[0-9]{10,13}){3}-[a-zA-Z0-9-]{28,34}", entropy: 2 },
  { id: "slack-webhook-url", keywords: ["hooks.slack.com"], expression: String.raw`hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{43,56}` },
  { id: "sourcegraph-access-token", keywords: ["sgp_"], expression: String.raw`\bsgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40}\b`, entropy: 3 },
  { id: "sourcegraph-access-token", keywords: ["sourcegraph"], expression: String.raw`\b[a-fA-F0-9]{40}\b`, entropy: 3, around: true },
  { id: "square-access-token", keywords: ["sq0atp-", "eaaa"], expression: String.raw`\b(?:EAAA|sq0atp-)[\w-]{22,60}\b`, entropy: 2 },
  {
    id: "stripe-access-token",
    keywords: ["sk_test", "sk_live", "sk_prod", "rk_test", "rk_live", "rk_prod"],
    expression: String.raw`\b(?:sk|rk)_(?:test|live|prod)_[a-zA-Z0-9]{10,99}\b`,
    entropy: 2
  },
  { id: "twilio-api-key", keywords: ["sk"], expression: "SK[0-9a-fA-F]{32}", entropy: 3 },
  { id: "vault-batch-token", keywords: ["hvb."], expression: String.raw`\bhvb\.[\w-]{138,300}\b`, entropy: 4 },
  { id: "vault-service-token", keywords: ["hvs."], expression: String.raw`\bhvs\.[\w-]{90,120}\b`, entropy: 3.5 },
  { id: "vault-service-token", keywords: ["s."], expression: String.raw`(?<![\w.])s\.(?=[A-Za-z]*\d)[A-Za-z0-9]{24}\b`, entropy: 3.5 }
]
