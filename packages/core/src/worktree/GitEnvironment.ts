/** Git's, out of this one: without what would point it to another repository (`GIT_DIR` and the like). It never prompts, takes no locks for a look, and speaks English. */
export const gitEnvironment = (environment: Readonly<Record<string, string | undefined>>): Record<string, string> => {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) if (value !== undefined && !name.startsWith("GIT_")) kept[name] = value
  return { ...kept, GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" }
}
