/** The migrations of the journal of an earlier, unpublished build. A file has the first of them, or all. */
export const earlierMigrations = ["journal", "worktrees", "hook passes", "replaced transcripts", "tool outputs"] as const

/** The number of migrations that a file of an earlier build has; null for a file of another kind, or one of a build that came after. */
export const earlierVersion = (migrations: ReadonlyArray<string>): number | null =>
  migrations.length > 0 && migrations.length <= earlierMigrations.length && migrations.every((name, index) => name === earlierMigrations[index])
    ? migrations.length
    : null
