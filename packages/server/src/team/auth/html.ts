import { createHash } from "node:crypto"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"

/** A piece of a page whose texts are escaped. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }
const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => escapes[letter] ?? "")

/** Puts pieces together: what is no piece itself is text, and means what it says. */
export const html = (parts: TemplateStringsArray, ...values: ReadonlyArray<string | Html | ReadonlyArray<Html>>): Html =>
  new Html(
    parts.reduce((text, part, at) => {
      const value = values[at - 1] ?? ""
      return text + (typeof value === "string" ? escaped(value) : value instanceof Html ? value.text : value.map((piece) => piece.text).join("")) + part
    })
  )

const style =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem}button,input{font:inherit;padding:.4rem .8rem}dt{font-weight:600}"
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  // A command line listens at such an address, and a form leads there in the end.
  "form-action 'self' http://127.0.0.1:*",
  "base-uri 'none'",
  "frame-ancestors 'none'"
].join("; ")

/** A page without scripts, which nothing frames, and of which nothing is kept. */
export const page = (title: string, body: Html, status = 200): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.raw(
    html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${new Html(style)}</style></head><body><h1>${title}</h1>${body}</body></html>`
      .text,
    {
      status,
      contentType: "text/html; charset=utf-8",
      headers: { "content-security-policy": policy, "cache-control": "no-store", "x-frame-options": "DENY", "referrer-policy": "same-origin" }
    }
  )

/** An input that goes along with a form. */
export const hidden = (fields: Readonly<Record<string, string>>): ReadonlyArray<Html> =>
  Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
