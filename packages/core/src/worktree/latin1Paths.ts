import { Buffer } from "node:buffer"

// Names of files are bytes, and need not be UTF-8. Where none may be lost a path is a text with one character for each byte ("byte name"): such texts can be cut,
// joined, compared and be keys as others can.

const plain = /^[\x00-\x7f]*$/

export const byteName = (text: string): string => (plain.test(text) ? text : Buffer.from(text, "utf8").toString("latin1"))

/** The form that system calls take. */
export const systemPath = (name: string): string | Buffer => (plain.test(name) ? name : Buffer.from(name, "latin1"))

/** As text, and its bytes where these are no UTF-8. */
export const textOf = (name: string): { readonly path: string; readonly raw: Buffer | null } => {
  if (plain.test(name)) return { path: name, raw: null }
  const bytes = Buffer.from(name, "latin1")
  const path = bytes.toString("utf8")
  return { path, raw: Buffer.from(path, "utf8").equals(bytes) ? null : bytes }
}

export const below = (folder: string, name: string): string => (folder === "" ? name : folder.endsWith("/") ? folder + name : `${folder}/${name}`)

export const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
