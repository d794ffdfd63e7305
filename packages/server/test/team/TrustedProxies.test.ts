import { expect, it } from "vitest"
import { clientOf, none, parse, type TrustedProxies } from "../../src/team/TrustedProxies.ts"

const trusted = parse("10.0.0.0/8, 192.0.2.7,fd00::/8") as TrustedProxies

it("The client is the last address that no trusted proxy has, and what strangers claim changes nothing", () => {
  expect(clientOf(none, "203.0.113.9", "198.51.100.1")).toBe("203.0.113.9")
  expect(clientOf(trusted, "203.0.113.9", "198.51.100.1")).toBe("203.0.113.9")
  expect(clientOf(trusted, "10.1.2.3", "198.51.100.1")).toBe("198.51.100.1")
  expect(clientOf(trusted, "10.1.2.3", "1.1.1.1, 198.51.100.1, 192.0.2.7")).toBe("198.51.100.1")
  expect(clientOf(trusted, "::ffff:10.1.2.3", "198.51.100.1, ::ffff:10.9.9.9")).toBe("198.51.100.1")
  expect(clientOf(trusted, "fd00::1", "2001:db8::1")).toBe("2001:db8::1")
  expect(clientOf(trusted, "10.1.2.3", undefined)).toBe("10.1.2.3")
  expect(clientOf(trusted, "10.1.2.3", "198.51.100.1, nonsense")).toBe("10.1.2.3")
})

it("A list of proxies names its first entry that is none", () => {
  expect(parse("10.0.0.0/8, 10.0.0.0/33")).toBe("10.0.0.0/33")
  expect(parse("proxy.example.org")).toBe("proxy.example.org")
  expect((parse("") as TrustedProxies).has("10.0.0.1")).toBe(false)
})
