/** The content of standard input. */
export type HookInput = { readonly _tag: "Text"; readonly text: string } | { readonly _tag: "Terminal" } | { readonly _tag: "TooLong" }

/** The most that is taken, in bytes. */
export const maxInput = 32 * 1024 * 1024

/** Reads descriptor 0 to its end; what cannot be read is empty. Of a terminal nothing is read. Clients make it a socket, which `/dev/stdin` cannot open. */
export const readInput = async (): Promise<HookInput> => {
  if (await isTerminal()) return { _tag: "Terminal" }
  const chunks: Array<Uint8Array> = []
  let size = 0
  try {
    const reader = Bun.stdin.stream().getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      size += read.value.length
      if (size > maxInput) return { _tag: "TooLong" }
      chunks.push(read.value)
    }
  } catch {
    return { _tag: "Text", text: "" }
  }
  return { _tag: "Text", text: Buffer.concat(chunks).toString() }
}

/** `node:tty` takes longer to load than everything else together, and only a device can be a terminal. */
const isTerminal = async (): Promise<boolean> => {
  try {
    return (await Bun.stdin.stat()).isCharacterDevice() && (await import("node:tty")).isatty(0)
  } catch {
    return false
  }
}
