import { BlockList, isIP } from "node:net"

/** Proxies whose word about the client is taken: addresses, and networks as `10.0.0.0/8`. */
export interface TrustedProxies {
  readonly has: (address: string) => boolean
}

/** Reads a list with commas between; a text names the first entry that is no address and no network. */
export const parse = (text: string): TrustedProxies | string => {
  const list = new BlockList()
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue
    const [, address = entry, bits] = /^(.+)\/(\d{1,3})$/.exec(entry) ?? []
    const version = isIP(address)
    const most = version === 4 ? 32 : 128
    if (version === 0 || Number(bits ?? most) > most) return entry
    list.addSubnet(address, Number(bits ?? most), version === 4 ? "ipv4" : "ipv6")
  }
  return { has: (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 4 ? "ipv4" : "ipv6") }
}

export const none: TrustedProxies = { has: () => false }

/**
 * The address of the client of a connection from `peer`. Each trusted proxy has added the address of whoever it heard from at the end of `X-Forwarded-For`: the last one that is no
 * trusted proxy is the client. Whoever is not trusted may write there what they want, and is taken for the client.
 */
export const clientOf = (proxies: TrustedProxies, peer: string, forwardedFor: string | undefined): string => {
  let client = plain(peer)
  const hops = (forwardedFor ?? "").split(",").map((hop) => plain(hop.trim()))
  while (proxies.has(client)) {
    const before = hops.pop()
    if (before === undefined || isIP(before) === 0) break
    client = before
  }
  return client
}

/** An IPv4 address as a socket for both families writes it. */
const plain = (address: string): string => (/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address)
