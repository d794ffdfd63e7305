import type { Account } from "han-core/Accounts"
import { providerOf } from "../team/auth/oidc.ts"

/** Reads `github:ID`, `oidc:SUB` or `development:NAME`, with the provider that the variables name. A text says what is wrong. */
export const accountIn = (text: string, environment: Readonly<Record<string, string | undefined>>): Account | string => {
  const [, kind, id = ""] = /^(github|oidc|development):(.{1,200})$/s.exec(text) ?? []
  switch (kind) {
    case "github": {
      if (!/^[1-9]\d{0,15}$/.test(id))
        return `"${text}" has no number of GitHub's behind github: (api.github.com/users/NAME shows it as id); a name may pass to somebody else`
      const url = environment["HAN_GITHUB_URL"] || "https://github.com"
      return URL.canParse(url) ? { provider: new URL(url).host, id } : "HAN_GITHUB_URL is no address"
    }
    case "oidc": {
      const issuer = environment["HAN_OIDC_ISSUER"] ?? ""
      return URL.canParse(issuer) ? { provider: providerOf(new URL(issuer)), id } : "HAN_OIDC_ISSUER has to say whose `sub` this is"
    }
    case "development":
      return { provider: "development", id: id.toLowerCase() }
    default:
      return `"${text}" is no account: write github:ID or oidc:SUB`
  }
}
