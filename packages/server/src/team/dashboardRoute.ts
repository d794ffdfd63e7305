import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import type { Dashboard } from "../http/Dashboard.ts"

/** The dashboard at every path that is not somebody else's; nothing where the program has none. Its pages hold no data: what they show they ask for, signed in. */
export const dashboardRoute = (dashboard: Dashboard | undefined): HttpRouter.HttpRouter =>
  dashboard === undefined
    ? HttpRouter.empty
    : HttpRouter.empty.pipe(
        HttpRouter.get(
          "*",
          Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
            const response = request.source instanceof Request ? dashboard.answer(request.source) : undefined
            return response === undefined
              ? Effect.succeed(
                  HttpServerResponse.unsafeJson(
                    { code: "not_found", message: "there is nothing here" },
                    { status: 404, headers: { "cache-control": "no-store" } }
                  )
                )
              : Effect.succeed(HttpServerResponse.fromWeb(response))
          })
        )
      )
