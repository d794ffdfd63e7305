import { readFileSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { put, temporary } from "./transcriptTree.ts"

const recorded = fileURLToPath(new URL("../fixtures/claude-code/18-plugins/snapshots", import.meta.url))

/** A configuration folder, a project and a marketplace in a folder of a test's own. */
export const claudeTree = Effect.map(temporary, (root) => {
  const config = path.join(root, "home/.claude")
  const project = path.join(root, "project")
  const files = {
    settings: path.join(config, "settings.json"),
    installed: path.join(config, "plugins/installed_plugins.json"),
    known: path.join(config, "plugins/known_marketplaces.json"),
    project: path.join(project, ".claude/settings.json"),
    local: path.join(project, ".claude/settings.local.json")
  }
  /** What Claude Code wrote at that step, as if it had run here. */
  const recordedAt = (step: string) => {
    const text = (name: string) =>
      readFileSync(path.join(recorded, step, name), "utf8")
        .replaceAll("/home/dev/project", project)
        .replaceAll("/home/dev/scratch/market", path.join(root, "market"))
    return {
      settings: text("settings.json"),
      installed: text("plugins/installed_plugins.json"),
      known: text("plugins/known_marketplaces.json"),
      project: text("project-dot-claude/settings.json"),
      local: text("project-dot-claude/settings.local.json")
    }
  }
  const putRecorded = (step: string) => {
    for (const [name, text] of Object.entries(recordedAt(step))) put(files[name as keyof typeof files], text)
  }
  const now = () => Object.fromEntries(Object.entries(files).map(([name, file]) => [name, readFileSync(file, "utf8")]))
  const putMarket = (manifest: unknown) => put(path.join(root, "market/.claude-plugin/marketplace.json"), JSON.stringify(manifest))
  return { root, config, project, files, recordedAt, putRecorded, now, putMarket }
})

/** Text of JSON. */
export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
