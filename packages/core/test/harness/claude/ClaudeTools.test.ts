import { describe, expect, it } from "vitest"
import { calledTool, taskResult, toolKind } from "../../../src/harness/claude/claudeTools.ts"

describe("tools of Claude Code", () => {
  it.each([
    ["Write", "edit"],
    ["NotebookEdit", "edit"],
    ["Grep", "read"],
    ["Bash", "run"],
    ["Agent", "agent"],
    ["TodoWrite", "task"],
    ["WebSearch", "web"],
    ["mcp__linear__list_issues", "mcp"],
    ["constructor", "other"]
  ])("The tool %s is of the kind %s", (name, kind) => {
    expect(toolKind(name)).toBe(kind)
  })

  it("Calls say the type of subagent that they start, and other calls say none", () => {
    expect(calledTool("c", "Task", { subagent_type: "reviewer" }).agentType).toBe("reviewer")
    expect(calledTool("c", "Agent", { subagent_type: 4 }).agentType).toBe("general-purpose")
    expect(calledTool("c", "Bash", { subagent_type: "reviewer" }).agentType).toBeNull()
  })

  it("Task calls write tasks with texts and lists of texts alone", () => {
    const { task } = calledTool("c", "TaskUpdate", { taskId: 3, status: "completed", addBlocks: ["1", 2, {}], owner: { a: 1 }, other: "x" })
    expect(task).toEqual({ action: "update", fields: { taskId: "3", status: "completed", addBlocks: ["1", "2"] } })
    expect(calledTool("c", "TaskList", {}).task).toBeNull()
  })

  it.each([
    [{ task: { id: "7" } }, { sequence: 7, success: true }],
    [{ task: { id: "seven" } }, { sequence: null, success: true }],
    [
      { success: false, taskId: "7" },
      { sequence: null, success: false }
    ],
    [{ stdout: "ok" }, null],
    [["task"], null]
  ])("A result of %j says of a task %j", (structured, expected) => {
    expect(taskResult(structured)).toEqual(expected)
  })
})
