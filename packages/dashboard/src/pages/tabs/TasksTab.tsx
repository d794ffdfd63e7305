import { graphql } from "relay-runtime"
import { Nothing, Problem } from "../../frame/Problem.tsx"
import type { TasksTabQuery } from "../../generated/TasksTabQuery.graphql.ts"
import css from "../../parts/Facts.module.css"
import { Grid, Section } from "../../parts/Grid.tsx"
import { Time } from "../../parts/Time.tsx"
import { useAnswer } from "../../relay/asking.ts"

const query = graphql`
  query TasksTabQuery($id: String!) {
    session(id: $id) {
      nativeTasks {
        id
        subject
        description
        status
        owner
        updatedAt
      }
      todos(first: 200) {
        edges {
          node {
            id
            content
            status
          }
        }
      }
    }
  }
`

const signs: Readonly<Record<string, string>> = { completed: "☑ done", in_progress: "◪ under way", pending: "☐ open" }

/** The lists that the agent keeps of what is to be done. */
export const TasksTab = ({ id }: { readonly id: string }) => {
  const { again, data, error } = useAnswer<TasksTabQuery>(query, { id })
  if (error !== undefined) return <Problem error={error} again={again} />
  const session = data?.session
  if (session == null) return null
  const todos = session.todos?.edges ?? []
  if (session.nativeTasks.length === 0 && todos.length === 0) return <Nothing title="The agent kept no list here" />
  return (
    <div className={css.page}>
      {session.nativeTasks.length > 0 && (
        <Section title="Tasks">
          <Grid label="Tasks" columns={[{ label: "State" }, { label: "Task" }, { label: "Who" }, { label: "Changed", kind: "figure" }]}>
            {session.nativeTasks.map((task) => (
              <tr key={task.id}>
                <td className={css.tight}>{signs[task.status] ?? task.status}</td>
                <td className={css.long} dir="auto" title={task.description ?? undefined}>
                  {task.subject}
                </td>
                <td className={css.tight}>{task.owner ?? ""}</td>
                <td className={css.figure}>
                  <Time at={task.updatedAt} />
                </td>
              </tr>
            ))}
          </Grid>
        </Section>
      )}
      {todos.length > 0 && (
        <Section title="To do" note="As the list was last written.">
          <Grid label="To do" columns={[{ label: "State" }, { label: "What" }]}>
            {todos.map(({ node }) => (
              <tr key={node.id}>
                <td className={css.tight}>{signs[node.status ?? ""] ?? node.status}</td>
                <td className={css.long} dir="auto">
                  {node.content}
                </td>
              </tr>
            ))}
          </Grid>
        </Section>
      )}
    </div>
  )
}
