import { graphql } from "relay-runtime"
import { Nothing, Problem } from "../../frame/Problem.tsx"
import type { FilesTabQuery } from "../../generated/FilesTabQuery.graphql.ts"
import css from "../../parts/Facts.module.css"
import { Grid } from "../../parts/Grid.tsx"
import { Time } from "../../parts/Time.tsx"
import { useAnswer } from "../../relay/asking.ts"
import { count } from "../../text/figures.ts"

const query = graphql`
  query FilesTabQuery($id: String!) {
    session(id: $id) {
      projectPath
      fileChanges(first: 1000) {
        totalCount
        edges {
          node {
            id
            filePath
            action
            toolName
            recordedAt
          }
        }
      }
    }
  }
`

type Change = NonNullable<NonNullable<FilesTabQuery["response"]["session"]>["fileChanges"]>["edges"][number]["node"]

/** The files that a session changed, the one that was changed last first. */
export const FilesTab = ({ id }: { readonly id: string }) => {
  const { again, data, error } = useAnswer<FilesTabQuery>(query, { id })
  if (error !== undefined) return <Problem error={error} again={again} />
  const changes = data?.session?.fileChanges
  if (changes == null) return null
  if (changes.edges.length === 0) return <Nothing title="No file was changed" />
  const files = new Map<string, ReadonlyArray<Change>>()
  for (const { node } of changes.edges) files.set(node.filePath ?? "", [...(files.get(node.filePath ?? "") ?? []), node])
  const root = `${data?.session?.projectPath ?? ""}/`
  return (
    <div className={css.page}>
      <Grid
        label="Changed files"
        columns={[{ label: "File" }, { label: "How", kind: "tight" }, { label: "Changes", kind: "figure" }, { label: "Last", kind: "figure" }]}
      >
        {[...files].map(([path, list]) => (
          <tr key={path}>
            <td className={css.long} title={path}>
              <span className={css.mono}>{path.startsWith(root) ? path.slice(root.length) : path}</span>
            </td>
            <td className={css.tight}>{[...new Set(list.map(({ action }) => action))].join(", ")}</td>
            <td className={css.figure}>{count(list.length)}</td>
            <td className={css.figure}>
              <Time at={list[0]?.recordedAt} />
            </td>
          </tr>
        ))}
      </Grid>
      {changes.totalCount > changes.edges.length && <p className={css.note}>The last 1,000 of {count(changes.totalCount)} changes.</p>}
    </div>
  )
}
