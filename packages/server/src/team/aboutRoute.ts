import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { syncLimits, syncVersion } from "han-core/Sync"
import { version } from "han-rpc/Version"
import type { SignInProvider } from "./auth/SignInProvider.ts"

interface About {
  readonly publicUrl: URL | undefined
  readonly signIn: { readonly providers: ReadonlyArray<SignInProvider>; readonly development: boolean } | undefined
}

/** `GET /.well-known/han.json`: what a client needs to know of the server before it says who it is. */
export const aboutRoute = ({ publicUrl, signIn }: About): HttpRouter.HttpRouter =>
  HttpRouter.empty.pipe(
    HttpRouter.get(
      "/.well-known/han.json",
      HttpServerResponse.unsafeJson(
        {
          name: "han-server",
          version,
          issuer: publicUrl?.origin ?? null,
          signIn:
            signIn === undefined
              ? []
              : [...signIn.providers.map(({ name, title }) => ({ name, title })), ...(signIn.development ? [{ name: "development", title: "a name" }] : [])],
          api: { graphql: "/graphql", sync: "/api/sync", auth: signIn === undefined ? null : "/auth" },
          sync: { version: syncVersion, limits: syncLimits },
          minClient: "0.0.0"
        },
        { headers: { "cache-control": "public, max-age=300", "access-control-allow-origin": "*" } }
      )
    )
  )
