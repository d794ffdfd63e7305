import { GraphQLEnumType } from "graphql"
import type { ToolKind } from "han-core/SessionEvent"

/** The look of a tool's calls on a page. */
export interface ToolDisplay {
  readonly category: "FILE" | "SEARCH" | "SHELL" | "TASK" | "WEB" | "MCP" | "OTHER"
  /** The name of an icon. */
  readonly icon: string
  readonly displayName: string
  /** `#rrggbb`. */
  readonly color: string
}

export const ToolCategory = new GraphQLEnumType({
  name: "ToolCategory",
  description: "What a tool works on.",
  values: {
    FILE: { description: "Reads or writes files." },
    SEARCH: { description: "Finds files, code or pages." },
    SHELL: { description: "Runs commands." },
    TASK: { description: "Starts subagents, or keeps lists of what is to be done." },
    WEB: { description: "Fetches from the web." },
    MCP: { description: "Belongs to an MCP server." },
    OTHER: { description: "Everything else." }
  }
})

const agent: ToolDisplay = { category: "TASK", icon: "git-branch", displayName: "Spawn Agent", color: "#06b6d4" }
const known = new Map<string, ToolDisplay>([
  ["Read", { category: "FILE", icon: "file-text", displayName: "Read File", color: "#3b82f6" }],
  ["Write", { category: "FILE", icon: "file-plus", displayName: "Write File", color: "#22c55e" }],
  ["Edit", { category: "FILE", icon: "file-edit", displayName: "Edit File", color: "#eab308" }],
  ["NotebookEdit", { category: "FILE", icon: "book-open", displayName: "Edit Notebook", color: "#eab308" }],
  ["Glob", { category: "SEARCH", icon: "search", displayName: "Find Files", color: "#8b5cf6" }],
  ["Grep", { category: "SEARCH", icon: "search-code", displayName: "Search Code", color: "#8b5cf6" }],
  ["Bash", { category: "SHELL", icon: "terminal", displayName: "Run Command", color: "#f97316" }],
  ["Task", agent],
  ["Agent", agent],
  ...["TodoWrite", "TaskCreate", "TaskUpdate", "TaskList", "TaskGet"].map(
    (name) => [name, { category: "TASK", icon: "check-square", displayName: name, color: "#06b6d4" }] as const
  ),
  ["WebFetch", { category: "WEB", icon: "globe", displayName: "Fetch URL", color: "#ec4899" }],
  ["WebSearch", { category: "SEARCH", icon: "search", displayName: "Web Search", color: "#ec4899" }]
])

/** By the tool's name where a page has a picture for it, else by what kind of tool it is. */
export const toolDisplayOf = ({ kind, name }: { readonly kind: ToolKind; readonly name: string }): ToolDisplay =>
  known.get(name) ??
  (kind === "mcp"
    ? { category: "MCP", icon: "plug", displayName: name, color: "#a855f7" }
    : { category: "OTHER", icon: "tool", displayName: name, color: "#6b7280" })
