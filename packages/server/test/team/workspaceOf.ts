import * as Effect from "effect/Effect"
import { DirectoryWriter } from "han-core/Directories"
import type { Append } from "han-core/JournalWriter"
import { Viewer } from "han-core/Viewer"
import { viewerOf } from "han-core/Workspaces"
import { answer, call, log, noted, result, session, text, user } from "../../../../test/transcriptLines.ts"
import type { GraphqlServer, Someone } from "./graphqlServer.ts"

/** Sessions with something of every kind. `mark`: the beginning of all ids; `word`: what is said, where it was done, what it was called. */
export const sessionsOf = (mark: string, word: string, count = 2): ReadonlyArray<Append> =>
  Array.from({ length: count }, (_, number) => {
    const id = `${mark}-session-${number}`
    const cwd = `/${word}/app`
    const at = (name: string) => `${mark}-${number}-${name}`
    const lines = [
      user(at("prompt"), 0, `please ${word} the ${word}`, { cwd, gitBranch: `${word}-branch`, sessionId: id, slug: `${word}-slug`, version: "2.1.330" }),
      answer(at("answer"), 1, [text(`I will ${word} it`), call(at("edit"), "Edit", { file_path: `${cwd}/${word}.ts`, old_string: "a", new_string: word })], {
        input: 10 + number,
        output: 5,
        cwd
      }),
      user(at("edited"), 2, [result(at("edit"), `${word} was edited`)], {
        cwd,
        toolUseResult: { filePath: `${cwd}/${word}.ts`, oldString: "a", newString: word }
      }),
      answer(at("todo"), 3, [call(at("todos"), "TodoWrite", { todos: [{ content: `do ${word}`, activeForm: `doing ${word}`, status: "in_progress" }] })], {
        output: 3,
        cwd
      }),
      user(at("todone"), 4, [result(at("todos"), "noted")], { cwd }),
      answer(at("task"), 5, [call(at("create"), "TaskCreate", { subject: `${word} task`, description: `about ${word}` })], { output: 3, cwd }),
      user(at("tasked"), 6, [result(at("create"), "Task #1 created")], { cwd, toolUseResult: { task: { id: "1", subject: `${word} task` } } }),
      { type: "summary", summary: `${word} in short`, leafUuid: at("tasked") }
    ]
    const runs = [
      noted("hook_run", at("run"), 7, { plugin: "biome", hook: "lint", hook_type: "Stop", directory: cwd, command: `${word} check` }),
      noted(
        "hook_result",
        at("ran"),
        8,
        { plugin: "biome", hook: "lint", success: false, exit_code: 1, duration_ms: 20, output: `${word} is wrong` },
        { hookRunId: at("run") }
      )
    ]
    return [session(id, lines), log(id, runs)]
  }).flat()

/** Writes these sessions as somebody's, in a directory that is a checkout of a repository. */
export const fill = async (server: Pick<GraphqlServer, "append" | "run">, who: Someone, mark: string, word: string, repository: string): Promise<void> => {
  await server.append(who, ...sessionsOf(mark, word))
  await server.run(
    Effect.flatMap(DirectoryWriter, (directories) =>
      directories.note({ machine: "test", path: `/${word}/app` }, { remote: repository, root: `/${word}/app`, worktreeOf: null, defaultBranch: `${word}-main` })
    ).pipe(Effect.provideService(Viewer, viewerOf(who.principal)))
  )
}
