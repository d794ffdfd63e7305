/** By its name, or by a pattern for all of it. */
export const namesTool = (pattern: string, tool: string): boolean => {
  if (pattern === tool || pattern === "*") return true
  if (/^\w+$/.test(pattern)) return false
  try {
    return new RegExp(`^(?:${pattern})$`).test(tool)
  } catch {
    return false
  }
}

/** Whether the client runs an entry with this matcher whatever happens. */
export const isForAll = (matcher: string | null): boolean => matcher === null || matcher === "" || matcher === "*"

/** As the client reads a matcher for tools: names in a list, or a pattern. */
export const matchesTool = (matcher: string | null, tool: string): boolean =>
  matcher === null || isForAll(matcher) || (/^[\w\s|,-]+$/.test(matcher) ? matcher.split(/[|,]/).some((one) => one.trim() === tool) : namesTool(matcher, tool))
