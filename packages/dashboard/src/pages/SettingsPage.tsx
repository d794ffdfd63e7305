import { useEffect } from "react"
import { graphql } from "relay-runtime"
import { Problem } from "../frame/Problem.tsx"
import type { SettingsPageQuery } from "../generated/SettingsPageQuery.graphql.ts"
import css from "../parts/Facts.module.css"
import { Grid, Section } from "../parts/Grid.tsx"
import { Time } from "../parts/Time.tsx"
import { useAnswer } from "../relay/asking.ts"
import { count, unknown } from "../text/figures.ts"

const query = graphql`
  query SettingsPageQuery {
    coordinatorStatus {
      version
    }
    configDirs {
      id
      name
      path
      isDefault
      sessionCount
      lastIndexedAt
    }
    plugins {
      id
      name
      marketplace
      scope
      enabled
      version
    }
    settings {
      claudeSettingsFiles {
        path
        sourceLabel
        exists
        lastModified
      }
      hanConfigFiles {
        path
        sourceLabel
        exists
        lastModified
      }
      mcpServers {
        id
        name
        source
        command
        url
      }
      problems {
        path
        message
      }
    }
    indexProblems(first: 50) {
      kind
      path
      transcript
      line
      reason
      lines
    }
  }
`

type Data = SettingsPageQuery["response"]

/** What han follows on this machine, and what is wrong with it. */
export const SettingsPage = () => {
  const { again, data, error } = useAnswer<SettingsPageQuery>(query, {})
  useEffect(() => {
    document.title = "Settings · han"
  }, [])
  if (error !== undefined) return <Problem error={error} again={again} />
  if (data === undefined) return null
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>Settings</h1>
        <span className={css.dim}>han {data.coordinatorStatus.version}</span>
      </header>
      <Problems data={data} />
      <Folders data={data} />
      <Plugins data={data} />
      <Files data={data} />
    </div>
  )
}

const Problems = ({ data }: { readonly data: Data }) => {
  const files = data.settings?.problems ?? []
  const lines = data.indexProblems ?? []
  if (files.length === 0 && lines.length === 0) return <p className={css.ok}>✓ Every transcript and every file of settings could be read.</p>
  return (
    <Section title="Problems" note="Everything else was read; a line that is not understood is kept as it is.">
      <Grid label="Problems" columns={[{ label: "Where" }, { label: "What" }, { label: "Lines", kind: "figure" }]}>
        {files.map(({ message, path }) => (
          <tr key={`${path}`}>
            <td className={css.long}>
              <span className={css.mono}>{path}</span>
            </td>
            <td className={css.long}>{message}</td>
            <td className={css.figure} />
          </tr>
        ))}
        {lines.map((problem) => (
          <tr key={`${problem.transcript}/${problem.line}/${problem.kind}`}>
            <td className={css.long}>
              <span className={css.mono}>
                {problem.path ?? problem.transcript}:{problem.line + 1}
              </span>
            </td>
            <td className={css.long}>{problem.reason}</td>
            <td className={css.figure}>{count(problem.lines)}</td>
          </tr>
        ))}
      </Grid>
    </Section>
  )
}

const Folders = ({ data }: { readonly data: Data }) => (
  <Section title="Folders that are followed">
    <Grid label="Folders" columns={[{ label: "Folder" }, { label: "Name" }, { label: "Sessions", kind: "figure" }, { label: "Last written", kind: "figure" }]}>
      {data.configDirs.map((dir) => (
        <tr key={dir.id}>
          <td className={css.long}>
            <span className={css.mono}>{dir.path}</span>
          </td>
          <td className={css.tight}>
            {dir.name}
            {dir.isDefault && <span className={css.dim}> standard</span>}
          </td>
          <td className={css.figure}>{count(dir.sessionCount)}</td>
          <td className={css.figure}>
            <Time at={dir.lastIndexedAt} />
          </td>
        </tr>
      ))}
    </Grid>
  </Section>
)

const Plugins = ({ data }: { readonly data: Data }) => {
  const plugins = data.plugins ?? []
  return (
    <Section title="Plugins" note={plugins.length === 0 ? "No plugin is named in the settings of Claude Code." : undefined}>
      {plugins.length > 0 && (
        <Grid label="Plugins" columns={[{ label: "Plugin" }, { label: "Marketplace" }, { label: "Version" }, { label: "Named by" }, { label: "State" }]}>
          {plugins.map((plugin) => (
            <tr key={plugin.id}>
              <td className={css.tight}>{plugin.name}</td>
              <td className={css.tight}>{plugin.marketplace}</td>
              <td className={css.tight}>{plugin.version ?? unknown}</td>
              <td className={css.tight}>{plugin.scope?.toLowerCase()}</td>
              <td className={plugin.enabled === true ? css.ok : css.dim}>{plugin.enabled === true ? "on" : "off"}</td>
            </tr>
          ))}
        </Grid>
      )}
    </Section>
  )
}

const Files = ({ data }: { readonly data: Data }) => {
  const files = [...(data.settings?.claudeSettingsFiles ?? []), ...(data.settings?.hanConfigFiles ?? [])]
  const servers = data.settings?.mcpServers ?? []
  return (
    <>
      <Section title="Files of settings">
        <Grid label="Files of settings" columns={[{ label: "File" }, { label: "Whose" }, { label: "Changed", kind: "figure" }]}>
          {files.map((file) => (
            <tr key={file.path}>
              <td className={css.long}>
                <span className={css.mono}>{file.path}</span>
              </td>
              <td className={css.tight}>{file.sourceLabel}</td>
              <td className={css.figure}>{file.exists === true ? <Time at={file.lastModified} /> : <span className={css.dim}>not there</span>}</td>
            </tr>
          ))}
        </Grid>
      </Section>
      {servers.length > 0 && (
        <Section title="MCP servers">
          <Grid label="MCP servers" columns={[{ label: "Server" }, { label: "Named by" }, { label: "Runs" }]}>
            {servers.map((server) => (
              <tr key={server.id}>
                <td className={css.tight}>{server.name}</td>
                <td className={css.tight}>{server.source}</td>
                <td className={css.long}>
                  <span className={css.mono}>{server.url ?? server.command}</span>
                </td>
              </tr>
            ))}
          </Grid>
        </Section>
      )}
    </>
  )
}
