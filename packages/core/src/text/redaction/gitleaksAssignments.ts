// The rules of gitleaks (https://github.com/gitleaks/gitleaks, config/gitleaks.toml). MIT License: see LICENSES.md of this package.
// These are its rules for values that show by the name of a service before them: `ADAFRUIT_KEY = "…"`. The frame around name and value, the same in all of them, is in
// `serviceRules`. Letters count in either case; gitleaks also has them so, but for a few names.

/** A value of a service, by the names that stand before it. */
export interface AssignedRule {
  readonly id: string
  /** The names begin with these; absent where they are but one word. */
  readonly keywords?: ReadonlyArray<string>
  /** Alternatives of a regular expression. */
  readonly names: string
  readonly value: string
  /** Shannon's entropy that the value has at least, in bits for each character. */
  readonly entropy?: number
}

export const gitleaksAssignments: ReadonlyArray<AssignedRule> = [
  { id: "adafruit-api-key", names: "adafruit", value: "[a-z0-9_-]{32}" },
  { id: "adobe-client-id", names: "adobe", value: "[a-f0-9]{32}", entropy: 2 },
  { id: "airtable-api-key", names: "airtable", value: "[a-z0-9]{17}" },
  { id: "algolia-api-key", names: "algolia", value: "[a-z0-9]{32}" },
  { id: "alibaba-secret-key", names: "alibaba", value: "[a-z0-9]{30}", entropy: 2 },
  { id: "asana-client-id", names: "asana", value: "[0-9]{16}" },
  { id: "asana-client-secret", names: "asana", value: "[a-z0-9]{32}" },
  {
    id: "atlassian-api-token",
    keywords: ["atlassian", "confluence", "jira"],
    names: "atlassian|confluence|jira",
    value: "[a-z0-9]{20}[a-f0-9]{4}",
    entropy: 3.5
  },
  { id: "beamer-api-token", names: "beamer", value: String.raw`b_[a-z0-9=_\-]{44}` },
  { id: "bitbucket-client-id", names: "bitbucket", value: "[a-z0-9]{32}" },
  { id: "bitbucket-client-secret", names: "bitbucket", value: String.raw`[a-z0-9=_\-]{64}` },
  { id: "bittrex-access-key", names: "bittrex", value: "[a-z0-9]{32}" },
  { id: "bittrex-secret-key", names: "bittrex", value: "[a-z0-9]{32}" },
  { id: "cisco-meraki-api-key", names: "meraki", value: "[0-9a-f]{40}", entropy: 3 },
  { id: "cloudflare-api-key", names: "cloudflare", value: "[a-z0-9_-]{40}", entropy: 2 },
  { id: "cloudflare-global-api-key", names: "cloudflare", value: "[a-f0-9]{37}", entropy: 2 },
  { id: "codecov-access-token", names: "codecov", value: "[a-z0-9]{32}" },
  { id: "cohere-api-token", keywords: ["cohere", "co_api_key"], names: "cohere|CO_API_KEY", value: "[a-zA-Z0-9]{40}", entropy: 4 },
  { id: "coinbase-access-token", names: "coinbase", value: "[a-z0-9_-]{64}" },
  { id: "confluent-access-token", names: "confluent", value: "[a-z0-9]{16}" },
  { id: "confluent-secret-key", names: "confluent", value: "[a-z0-9]{64}" },
  { id: "contentful-delivery-api-token", names: "contentful", value: String.raw`[a-z0-9=_\-]{43}` },
  { id: "datadog-access-token", names: "datadog", value: "[a-z0-9]{40}" },
  { id: "defined-networking-api-token", names: "dnkey", value: String.raw`dnkey-[a-z0-9=_\-]{26}-[a-z0-9=_\-]{52}` },
  { id: "discord-api-token", names: "discord", value: "[a-f0-9]{64}" },
  { id: "discord-client-id", names: "discord", value: "[0-9]{18}", entropy: 2 },
  { id: "discord-client-secret", names: "discord", value: String.raw`[a-z0-9=_\-]{32}`, entropy: 2 },
  { id: "droneci-access-token", names: "droneci", value: "[a-z0-9]{32}" },
  { id: "dropbox-api-token", names: "dropbox", value: "[a-z0-9]{15}" },
  { id: "dropbox-long-lived-api-token", names: "dropbox", value: String.raw`[a-z0-9]{11}A{10}[a-z0-9\-_=]{43}` },
  { id: "dropbox-short-lived-api-token", names: "dropbox", value: String.raw`sl\.[a-z0-9\-=_]{135}` },
  { id: "etsy-access-token", names: "etsy", value: "[a-z0-9]{24}", entropy: 3 },
  { id: "facebook-secret", names: "facebook", value: "[a-f0-9]{32}", entropy: 3 },
  { id: "fastly-api-token", names: "fastly", value: String.raw`[a-z0-9=_\-]{32}` },
  { id: "finicity-api-token", names: "finicity", value: "[a-f0-9]{32}" },
  { id: "finicity-client-secret", names: "finicity", value: "[a-z0-9]{20}" },
  { id: "finnhub-access-token", names: "finnhub", value: "[a-z0-9]{20}" },
  { id: "flickr-access-token", names: "flickr", value: "[a-z0-9]{32}" },
  { id: "freshbooks-access-token", names: "freshbooks", value: "[a-z0-9]{64}" },
  { id: "gitter-access-token", names: "gitter", value: "[a-z0-9_-]{40}" },
  { id: "gocardless-api-token", names: "gocardless", value: String.raw`live_[a-z0-9\-_=]{40}` },
  { id: "heroku-api-key", names: "heroku", value: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}" },
  { id: "hubspot-api-key", names: "hubspot", value: "[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}" },
  { id: "intercom-api-key", names: "intercom", value: String.raw`[a-z0-9=_\-]{60}` },
  { id: "jfrog-api-key", keywords: ["jfrog", "artifactory", "bintray", "xray"], names: "jfrog|artifactory|bintray|xray", value: "[a-z0-9]{73}" },
  { id: "jfrog-identity-token", keywords: ["jfrog", "artifactory", "bintray", "xray"], names: "jfrog|artifactory|bintray|xray", value: "[a-z0-9]{64}" },
  { id: "kraken-access-token", names: "kraken", value: String.raw`[a-z0-9\/=_\+\-]{80,90}` },
  { id: "kucoin-access-token", names: "kucoin", value: "[a-f0-9]{24}" },
  { id: "kucoin-secret-key", names: "kucoin", value: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}" },
  { id: "launchdarkly-access-token", names: "launchdarkly", value: String.raw`[a-z0-9=_\-]{40}` },
  { id: "linear-client-secret", names: "linear", value: "[a-f0-9]{32}", entropy: 2 },
  { id: "linkedin-client-id", keywords: ["linkedin", "linked_in", "linked-in"], names: "linked[_-]?in", value: "[a-z0-9]{14}", entropy: 2 },
  { id: "linkedin-client-secret", keywords: ["linkedin", "linked_in", "linked-in"], names: "linked[_-]?in", value: "[a-z0-9]{16}", entropy: 2 },
  { id: "lob-api-key", names: "lob", value: "(?:live|test)_[a-f0-9]{35}" },
  { id: "lob-pub-api-key", names: "lob", value: "(?:test|live)_pub_[a-f0-9]{31}" },
  { id: "mailchimp-api-key", keywords: ["mailchimp"], names: "MailchimpSDK.initialize|mailchimp", value: String.raw`[a-f0-9]{32}-us\d\d` },
  { id: "mailgun-private-api-token", names: "mailgun", value: "key-[a-f0-9]{32}" },
  { id: "mailgun-pub-key", names: "mailgun", value: "pubkey-[a-f0-9]{32}" },
  { id: "mailgun-signing-key", names: "mailgun", value: "[a-h0-9]{32}-[a-h0-9]{8}-[a-h0-9]{8}" },
  { id: "mapbox-api-token", names: "mapbox", value: String.raw`pk\.[a-z0-9]{60}\.[a-z0-9]{22}` },
  { id: "mattermost-access-token", names: "mattermost", value: "[a-z0-9]{26}" },
  { id: "messagebird-api-token", keywords: ["messagebird", "message-bird", "message_bird"], names: "message[_-]?bird", value: "[a-z0-9]{25}" },
  {
    id: "messagebird-client-id",
    keywords: ["messagebird", "message-bird", "message_bird"],
    names: "message[_-]?bird",
    value: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
  },
  { id: "netlify-access-token", names: "netlify", value: String.raw`[a-z0-9=_\-]{40,46}` },
  { id: "new-relic-browser-api-token", keywords: ["new-relic", "newrelic", "new_relic"], names: "new-relic|newrelic|new_relic", value: "NRJS-[a-f0-9]{19}" },
  { id: "new-relic-insert-key", keywords: ["new-relic", "newrelic", "new_relic"], names: "new-relic|newrelic|new_relic", value: "NRII-[a-z0-9-]{32}" },
  { id: "new-relic-user-api-id", keywords: ["new-relic", "newrelic", "new_relic"], names: "new-relic|newrelic|new_relic", value: "[a-z0-9]{64}" },
  { id: "new-relic-user-api-key", keywords: ["new-relic", "newrelic", "new_relic"], names: "new-relic|newrelic|new_relic", value: "NRAK-[a-z0-9]{27}" },
  {
    id: "nytimes-access-token",
    keywords: ["nytimes", "new-york-times", "newyorktimes"],
    names: "nytimes|new-york-times,|newyorktimes",
    value: String.raw`[a-z0-9=_\-]{32}`
  },
  { id: "okta-access-token", names: "okta", value: String.raw`00[\w=\-]{40}`, entropy: 4 },
  { id: "plaid-api-token", names: "plaid", value: "access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}" },
  { id: "plaid-client-id", names: "plaid", value: "[a-z0-9]{24}", entropy: 3.5 },
  { id: "plaid-secret-key", names: "plaid", value: "[a-z0-9]{30}", entropy: 3.5 },
  { id: "privateai-api-token", keywords: ["privateai", "private_ai", "private-ai"], names: "private[_-]?ai", value: "[a-z0-9]{32}", entropy: 3 },
  { id: "rapidapi-access-token", names: "rapidapi", value: "[a-z0-9_-]{50}" },
  { id: "sendbird-access-id", names: "sendbird", value: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}" },
  { id: "sendbird-access-token", names: "sendbird", value: "[a-f0-9]{40}" },
  { id: "sentry-access-token", names: "sentry", value: "[a-f0-9]{64}", entropy: 3 },
  {
    id: "sidekiq-secret",
    keywords: ["bundle_enterprise__contribsys__com", "bundle_gems__contribsys__com"],
    names: "BUNDLE_ENTERPRISE__CONTRIBSYS__COM|BUNDLE_GEMS__CONTRIBSYS__COM",
    value: "[a-f0-9]{8}:[a-f0-9]{8}"
  },
  {
    id: "snyk-api-token",
    keywords: ["snyk"],
    names: "snyk[_.-]?(?:(?:api|oauth)[_.-]?)?(?:key|token)",
    value: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
  },
  { id: "sonar-api-token", keywords: ["sonar"], names: "sonar[_.-]?(?:login|token)", value: String.raw`[a-z0-9=_\-]{40}` },
  { id: "squarespace-access-token", names: "squarespace", value: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}" },
  { id: "sumologic-access-id", names: "sumo", value: "su[a-zA-Z0-9]{12}", entropy: 3 },
  { id: "sumologic-access-token", names: "sumo", value: "[a-z0-9]{64}", entropy: 3 },
  { id: "telegram-bot-api-token", names: "telegr", value: String.raw`[0-9]{5,16}:A[a-z0-9_\-]{34}` },
  { id: "travisci-access-token", names: "travis", value: "[a-z0-9]{22}" },
  { id: "twitch-api-token", names: "twitch", value: "[a-z0-9]{30}" },
  { id: "twitter-access-secret", names: "twitter", value: "[a-z0-9]{45}" },
  { id: "twitter-access-token", names: "twitter", value: "[0-9]{15,25}-[a-zA-Z0-9]{20,40}" },
  { id: "twitter-api-key", names: "twitter", value: "[a-z0-9]{25}" },
  { id: "twitter-api-secret", names: "twitter", value: "[a-z0-9]{50}" },
  { id: "twitter-bearer-token", names: "twitter", value: "A{22}[a-zA-Z0-9%]{80,100}" },
  { id: "typeform-api-token", names: "typeform", value: String.raw`tfp_[a-z0-9\-_\.=]{59}` },
  { id: "yandex-access-token", names: "yandex", value: String.raw`t1\.[A-Z0-9a-z_-]+[=]{0,2}\.[A-Z0-9a-z_-]{86}[=]{0,2}` },
  { id: "yandex-api-key", names: "yandex", value: String.raw`AQVN[A-Za-z0-9_\-]{35,38}` },
  { id: "yandex-aws-access-token", names: "yandex", value: String.raw`YC[a-zA-Z0-9_\-]{38}` },
  { id: "zendesk-secret-key", names: "zendesk", value: "[a-z0-9]{40}" }
]
