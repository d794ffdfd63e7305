import picomatch from "picomatch"

// A pattern says too much rather than too little: a change that it misses would pass unchecked.

/**
 * Tells whether a path is among those that patterns mean, both from the same directory, with "/". `*`, `**`, `?`, `[…]`, `{…}` and `@(…)` are as in a shell, names with a
 * leading dot among them. A pattern that begins with `!` takes away what those before it have added. A name, or what ends with "/", means all below it, too.
 * Broken patterns mean nothing, nor does an empty list.
 */
export const matcher = (patterns: ReadonlyArray<string>): ((path: string) => boolean) => {
  const read = patterns.flatMap((pattern) => readPattern(pattern) ?? [])
  return (path) => read.reduce((is, { adds, matches }) => (is === adds ? is : matches(path) ? adds : is), false)
}

/** The paths that patterns say outright, without a leading "./" or a "/" at the end: they are meant even where git ignores them. */
export const literals = (patterns: ReadonlyArray<string>): ReadonlyArray<string> => {
  const found = new Set<string>()
  for (const pattern of patterns) {
    const read = readPattern(pattern)
    if (read === null) continue
    if (!read.adds) for (const name of found) if (read.matches(name)) found.delete(name)
    if (read.adds && !/[*?[\]{}()|\\]/.test(read.glob)) found.add(read.glob.replace(/\/+$/, ""))
  }
  return [...found]
}

/** Finds the globs that cannot be understood, or can mean no path: an open bracket, an absolute path, a glob that leads out. */
export const brokenGlobs = (patterns: ReadonlyArray<string>): ReadonlyArray<string> => patterns.filter((pattern) => readPattern(pattern) === null)

/** Tells whether a name or path is what a glob, or the same name, says; null for a broken glob. */
export const globTest = (glob: string): ((path: string) => boolean) | null => {
  if (glob === "" || glob.includes("\0")) return null
  try {
    const matches = picomatch(glob, options)
    return (path) => matches(path)
  } catch {
    return null
  }
}

/** `s`: a name may have line breaks in it. `debug`: what is no regular expression throws instead of matching nothing. */
const options: picomatch.PicomatchOptions = { dot: true, nonegate: true, strictBrackets: true, windows: false, flags: "s", debug: true }

interface Pattern {
  readonly adds: boolean
  readonly glob: string
  readonly matches: (path: string) => boolean
}

const readPattern = (pattern: string): Pattern | null => {
  // `!(a|b)` is a glob.
  const adds = !/^!(?!\()/.test(pattern)
  const glob = (adds ? pattern : pattern.slice(1)).replace(/^(?:\.\/+)+/, "")
  if (glob.startsWith("/") || (isWild.test(glob) && /^\.\.(?:\/|$)/.test(glob))) return null
  if (glob === "" || glob === ".") return pattern.endsWith(".") || pattern.endsWith("./") ? { adds, glob: "**", matches: () => true } : null
  const all = glob.endsWith("/") ? [`${glob}**`] : isWild.test(glob) ? [glob] : [glob, `${glob}/**`]
  const tests = all.map(globTest)
  return tests.every((test) => test !== null) ? { adds, glob, matches: (path) => tests.some((test) => test?.(path) === true) } : null
}

/** Braces only stand for several names. */
const isWild = /[*?[\]()|]/
