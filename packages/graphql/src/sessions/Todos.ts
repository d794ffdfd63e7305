import { GraphQLObjectType } from "graphql"
import type { TodoList } from "han-core/Task"
import { field, id, int, text } from "../context/Field.ts"
import { connectionType } from "../relay/Connection.ts"
import { TodoStatus } from "../relay/Enums.ts"

export interface Todo {
  readonly id: string
  readonly content: string
  readonly status: "pending" | "in_progress" | "completed"
  readonly activeForm: string | null
}

export const TodoType = new GraphQLObjectType({
  name: "Todo",
  description: "One line of a to-do list.",
  fields: {
    id: id("The session and the place in its list."),
    content: text("What is to be done."),
    status: field(TodoStatus, "Where it stands."),
    activeForm: text("The same while it is being done, e.g. `Writing tests`.")
  }
})
export const { connection: TodoConnection } = connectionType("Todo", TodoType, "to-dos")

export const TodoCounts = new GraphQLObjectType({
  name: "TodoCounts",
  description: "A to-do list in numbers.",
  fields: { total: int("All."), pending: int("Not begun."), inProgress: int("Under way."), completed: int("Done.") }
})

/** A status that is none of the three counts as not begun. */
export const todosOf = (list: TodoList | null): ReadonlyArray<Todo> =>
  list === null
    ? []
    : list.todos.map(({ activeForm, content, status }, place) => ({
        id: `Todo:${list.sessionId}:${place}`,
        content,
        activeForm,
        status: status === "in_progress" || status === "completed" ? status : "pending"
      }))

export const todoCountsOf = (todos: ReadonlyArray<Todo>) => {
  const count = (status: Todo["status"]) => todos.filter((todo) => todo.status === status).length
  return { total: todos.length, pending: count("pending"), inProgress: count("in_progress"), completed: count("completed") }
}
