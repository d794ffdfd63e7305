import * as Fs from "node:fs"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"

/** Answers with a file of the dashboard, or with its page; undefined for a path that is not its own. */
export interface Dashboard {
  readonly answer: (request: Request) => Response | undefined
}

/** Paths that are not pages, with what lies below them. */
const reserved = new Set("graphql api auth webhooks open health ready metrics mcp hooks blob .well-known".split(" "))

interface Stored {
  readonly type: string
  readonly gzip: string
}
interface File {
  readonly type: string
  readonly gzip: Uint8Array<ArrayBuffer>
}

const name = "dashboard"
const fileName = `${name}.pages`

/** The files as `scripts/build-dashboard.mjs` packed them: a compiled program carries them, a package has them beside its code. Undefined where they were not built. */
const stored = async (): Promise<string | undefined> => {
  const embedded = Bun.embeddedFiles.find((file) => "name" in file && String(file.name).startsWith(name))
  if (embedded !== undefined) return embedded.text()
  const path = fileURLToPath(new URL(`../../dashboard/${fileName}`, import.meta.url))
  return Fs.existsSync(path) ? Fs.readFileSync(path, "utf8") : undefined
}

/** The dashboard of this program; undefined when it has none. */
export const load = async (): Promise<Dashboard | undefined> => {
  const text = await stored()
  return text === undefined ? undefined : make(JSON.parse(text) as Readonly<Record<string, Stored>>)
}

/** A page may talk to the server that it came from, and to nobody else; what it shows is never run. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types han-worker"
].join("; ")

const pageHeaders = {
  "cache-control": "no-cache",
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY"
}

/** A dashboard of these files, by their paths; `/index.html` is the page. */
export const make = (packed: Readonly<Record<string, Stored>>): Dashboard => {
  const files = new Map(
    Object.entries(packed).map(([path, { gzip, type }]): [string, File] => [path, { type, gzip: new Uint8Array(Buffer.from(gzip, "base64")) }])
  )
  return {
    answer: (request) => {
      const { pathname } = new URL(request.url)
      const first = pathname.split("/")[1] ?? ""
      if (reserved.has(first) || (request.method !== "GET" && request.method !== "HEAD")) return undefined
      if (first === "assets") {
        const file = files.get(pathname)
        return file === undefined ? undefined : sent(request, file, { "cache-control": "public, max-age=31536000, immutable" })
      }
      const page = files.get("/index.html")
      return page === undefined ? undefined : sent(request, page, pageHeaders)
    }
  }
}

const sent = (request: Request, { gzip, type }: File, headers: Readonly<Record<string, string>>): Response => {
  const packed = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")
  const body = request.method === "HEAD" ? null : packed ? gzip : new Uint8Array(gunzipSync(gzip))
  return new Response(body, { headers: { ...headers, "content-type": type, vary: "Accept-Encoding", ...(packed && { "content-encoding": "gzip" }) } })
}
