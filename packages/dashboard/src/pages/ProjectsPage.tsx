import { Link } from "@tanstack/react-router"
import { useEffect } from "react"
import { graphql } from "relay-runtime"
import { Nothing, Problem } from "../frame/Problem.tsx"
import type { ProjectsPageQuery } from "../generated/ProjectsPageQuery.graphql.ts"
import css from "../parts/Facts.module.css"
import { Grid } from "../parts/Grid.tsx"
import { Time } from "../parts/Time.tsx"
import { useAnswer } from "../relay/asking.ts"
import { count } from "../text/figures.ts"

const query = graphql`
  query ProjectsPageQuery {
    projects(first: 1000) {
      id
      projectId
      name
      path
      isWorktree
      sessionCount
      lastActivity
    }
  }
`

/** Where agents worked. */
export const ProjectsPage = () => {
  const { again, data, error } = useAnswer<ProjectsPageQuery>(query, {})
  useEffect(() => {
    document.title = "Projects · han"
  }, [])
  if (error !== undefined) return <Problem error={error} again={again} />
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>Projects</h1>
      </header>
      {data !== undefined && data.projects.length === 0 && (
        <Nothing title="There are no projects yet">A project is a directory that an agent worked in.</Nothing>
      )}
      {data !== undefined && data.projects.length > 0 && (
        <Grid
          label="Projects"
          columns={[{ label: "Project" }, { label: "Directory" }, { label: "Sessions", kind: "figure" }, { label: "Active", kind: "figure" }]}
        >
          {data.projects.map((project) => (
            <tr key={project.id}>
              <td className={css.tight}>
                <Link to="/p/$id" params={{ id: project.projectId }}>
                  {project.name}
                </Link>
                {project.isWorktree && <span className={css.dim}> worktree</span>}
              </td>
              <td className={css.long}>
                <span className={css.mono}>{project.path}</span>
              </td>
              <td className={css.figure}>{count(project.sessionCount)}</td>
              <td className={css.figure}>
                <Time at={project.lastActivity} />
              </td>
            </tr>
          ))}
        </Grid>
      )}
    </div>
  )
}
