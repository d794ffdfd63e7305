import { Link, useParams } from "@tanstack/react-router"
import { useEffect } from "react"
import { graphql } from "relay-runtime"
import { Nothing, Problem } from "../frame/Problem.tsx"
import type { ProjectPageQuery } from "../generated/ProjectPageQuery.graphql.ts"
import css from "../parts/Facts.module.css"
import { Figures, Section } from "../parts/Grid.tsx"
import { Time } from "../parts/Time.tsx"
import { NotIncluded, UsageTable } from "../parts/UsageTable.tsx"
import { useAnswer } from "../relay/asking.ts"
import { count, dollars, short } from "../text/figures.ts"

const query = graphql`
  query ProjectPageQuery($id: String!) {
    project(id: $id) {
      projectId
      name
      path
      isWorktree
      sessionCount
      lastActivity
      worktrees {
        id
        projectId
        name
      }
      plugins {
        id
        name
        marketplace
        enabled
      }
    }
    models: usage(by: MODEL, project: $id) {
      rows {
        ...UsageTable_row @relay(mask: false)
      }
      totals {
        costUsd
        output
        responses
        unpricedResponses
      }
      notIncluded
      unpricedModels
    }
    sessions: usage(by: SESSION, project: $id) {
      rows {
        ...UsageTable_row @relay(mask: false)
      }
    }
  }
`

const maxSessions = 50

/** A project: what was done in it, and what that cost. */
export const ProjectPage = () => {
  const { id } = useParams({ from: "/p/$id" })
  const { again, data, error } = useAnswer<ProjectPageQuery>(query, { id })
  const project = data?.project
  useEffect(() => {
    if (project != null) document.title = `${project.name} · han`
  }, [project])
  if (error !== undefined) return <Problem error={error} again={again} />
  if (data === undefined) return null
  if (project == null) return <Nothing title="There is no such project">Its sessions may have been forgotten.</Nothing>
  const { totals } = data.models
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>{project.name}</h1>
        <Link to="/" search={{ project: project.projectId }}>
          Its sessions
        </Link>
        <Link to="/search" search={{ project: project.path }}>
          Search in it
        </Link>
      </header>
      <dl className={css.facts}>
        <dt>Directory</dt>
        <dd className={css.mono}>{project.path}</dd>
        {(project.worktrees ?? []).length > 0 && (
          <>
            <dt>Worktrees</dt>
            <dd>
              {(project.worktrees ?? []).map((one) => (
                <span key={one.id}>
                  <Link to="/p/$id" params={{ id: one.projectId }}>
                    {one.name}
                  </Link>{" "}
                </span>
              ))}
            </dd>
          </>
        )}
        {(project.plugins ?? []).length > 0 && (
          <>
            <dt>Plugins</dt>
            <dd>{(project.plugins ?? []).map(({ enabled, marketplace, name }) => `${name}@${marketplace}${enabled === true ? "" : " (off)"}`).join(", ")}</dd>
          </>
        )}
      </dl>
      <Figures
        of={[
          ["Sessions", count(project.sessionCount)],
          [
            "Cost",
            totals.responses > 0 && totals.unpricedResponses >= totals.responses ? "–" : `${totals.unpricedResponses > 0 ? "≥ " : ""}${dollars(totals.costUsd)}`
          ],
          ["Tokens out", short(totals.output)],
          ["Active", <Time key="active" at={project.lastActivity} />]
        ]}
      />
      <Section title="By model">
        <UsageTable rows={data.models.rows} label="Model" />
      </Section>
      <Section
        title="Sessions by cost"
        note={data.sessions.rows.length > maxSessions ? `The dearest ${maxSessions} of ${count(data.sessions.rows.length)}.` : undefined}
      >
        <UsageTable rows={data.sessions.rows.slice(0, maxSessions)} label="Session" />
      </Section>
      <NotIncluded words={data.models.notIncluded ?? []} models={data.models.unpricedModels ?? []} />
    </div>
  )
}
