import type { SessionEventOf } from "../../journal/SessionEvent.ts"
import { filled, object, whole } from "../../text/json.ts"

const url = /https:\/\/github\.com\/([\w.-]+\/[\w.-]+)\/pull\/(\d{1,9})(?!\d)/

/** The first pull request of GitHub whose address is in the text. */
export const pullRequestIn = (text: string): SessionEventOf<"PullRequestLinked"> | null => {
  if (!text.includes("https://github.com/")) return null
  const match = url.exec(text)
  return match?.[1] === undefined ? null : { _tag: "PullRequestLinked", number: Number(match[2]), url: match[0], repository: match[1] }
}

/** The pull request in the client's note about a git command that it ran. */
export const pullRequestOf = (structured: unknown): SessionEventOf<"PullRequestLinked"> | null => {
  const made = object(object(object(structured)?.gitOperation)?.pr)
  const address = filled(made?.url)
  if (made === null || address === null) return null
  const parsed = pullRequestIn(address)
  const id = whole(made.number) ?? parsed?.number ?? null
  return id === null ? null : { _tag: "PullRequestLinked", number: id, url: address, repository: parsed?.repository ?? null }
}
