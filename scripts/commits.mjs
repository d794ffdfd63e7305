#!/usr/bin/env node
// Checks the subjects of the commits since `base`: at most 72 characters, a verb in the imperative first, no full stop. `commits.mjs SUBJECT…`: of these.
import { spawnSync } from "node:child_process"
import { root } from "./installed.mjs"

/** Subjects up to this commit were written before there was a rule. */
const base = "b018297"
/** Where a clone does not reach back so far, the last ones are checked. */
const fewest = 20
const mostCharacters = 72

const noVerbs = new Set(
  "a an the this that these those its our all any both each every some no not what when where which who why how if in on at by for from of to with and or but one two it they we you he she there here now".split(
    " "
  )
)
/** Verbs that look like another form of one. */
const imperatives = new Set(
  "embed feed need seed shed speed bring string ring swing pass process express focus address compress discuss suppress bypass access guess cross".split(" ")
)

const complaintAbout = (subject) => {
  const first = subject.split(" ", 1)[0] ?? ""
  const word = first.toLowerCase()
  if ([...subject].length > mostCharacters) return `${[...subject].length} characters, at most ${mostCharacters}`
  if (!/^\p{Lu}/u.test(subject)) return "no capital letter first"
  if (/[.…]$/.test(subject)) return "a full stop at the end"
  if (!/^[\p{L}-]+$/u.test(first)) return `"${first}" is no verb`
  if (noVerbs.has(word)) return `"${first}" is no verb in the imperative`
  if (/(ed|ing|[^s]s)$/.test(word) && !imperatives.has(word)) return `"${first}" is no verb in the imperative`
  return null
}

const git = (...args) => spawnSync("git", args, { cwd: root, encoding: "utf8" })
const subjectsOf = (...args) =>
  git("log", "--no-merges", "--format=%s", ...args)
    .stdout.split("\n")
    .filter((subject) => subject !== "")
const written = () => {
  if (git("merge-base", "--is-ancestor", base, "HEAD").status === 0) return subjectsOf(`${base}..HEAD`)
  console.log(`${base} is not in this clone: the last ${fewest} subjects are checked`)
  return subjectsOf("-n", String(fewest))
}

const subjects = process.argv.length > 2 ? process.argv.slice(2) : written()
const complaints = subjects.flatMap((subject) => {
  const complaint = complaintAbout(subject)
  return complaint === null ? [] : [`${subject}: ${complaint}`]
})
for (const complaint of complaints) console.error(complaint)
console.log(`${subjects.length} subjects, ${complaints.length} against the rule`)
process.exitCode = complaints.length > 0 ? 1 : 0
