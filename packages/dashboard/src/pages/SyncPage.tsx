import { useEffect, useMemo, useState } from "react"
import { graphql } from "relay-runtime"
import { Nothing, Problem } from "../frame/Problem.tsx"
import type { SyncPageQuery } from "../generated/SyncPageQuery.graphql.ts"
import type { SyncPageSubscription } from "../generated/SyncPageSubscription.graphql.ts"
import css from "../parts/Facts.module.css"
import { Figures, Grid, Section } from "../parts/Grid.tsx"
import { Time } from "../parts/Time.tsx"
import { useAnswer, useEvents } from "../relay/asking.ts"
import { count, short } from "../text/figures.ts"

export const syncFields = graphql`
  fragment SyncPage_status on SyncStatus {
    configured
    enabled
    state
    endpointHost
    workspace
    eligibleSessions
    pendingSessions
    pendingMessages
    quarantined
    oldestPendingAt
    lastSuccessAt
    nextAttemptAt
    attempts
    notices
    excluded {
      reason
      count
    }
    lastError {
      at
      code
      message
    }
    totals {
      bytes
      messages
    }
  }
`

const query = graphql`
  query SyncPageQuery {
    syncStatus {
      ...SyncPage_status @relay(mask: false)
    }
  }
`

const changed = graphql`
  subscription SyncPageSubscription {
    syncStatusChanged {
      ...SyncPage_status @relay(mask: false)
    }
  }
`

const words: Readonly<Record<string, string>> = {
  IDLE: "everything is sent",
  SYNCING: "sending",
  BACKING_OFF: "waiting to try again",
  OFFLINE: "the server does not answer",
  DISABLED: "switched off",
  PAUSED_AUTH: "stopped: the key is not taken",
  PAUSED_CONFIG: "stopped: the configuration is wrong",
  PAUSED_PLAN: "stopped: the workspace takes no more"
}

type Status = SyncPageQuery["response"]["syncStatus"]

/** What is sent to a team server, what waits, and what stays here. */
export const SyncPage = () => {
  const { again, data, error } = useAnswer<SyncPageQuery>(query, {})
  const [live, setLive] = useState<Status | undefined>()
  useEffect(() => {
    document.title = "Sync · han"
  }, [])
  useEvents<SyncPageSubscription>(
    changed,
    useMemo(() => ({}), []),
    ({ syncStatusChanged }) => setLive(syncStatusChanged)
  )
  if (error !== undefined) return <Problem error={error} again={again} />
  const status = live ?? data?.syncStatus
  if (status === undefined) return null
  if (!status.configured)
    return (
      <div className={css.page}>
        <header className={css.head}>
          <h1>Sync</h1>
        </header>
        <Nothing title="Nothing is sent anywhere">
          All that han keeps stays on this machine. <code>han sync enable</code> connects it with a team server, after it has shown what would be sent.
        </Nothing>
      </div>
    )
  return <Connected status={status} />
}

const Connected = ({ status }: { readonly status: Status }) => (
  <div className={css.page}>
    <header className={css.head}>
      <h1>Sync</h1>
      <span className={status.lastError != null && status.state !== "IDLE" ? css.bad : css.dim}>{words[status.state] ?? status.state}</span>
    </header>
    <Figures
      of={[
        ["Sessions to send", count(status.pendingSessions)],
        ["Lines to send", count(status.pendingMessages)],
        ["Sessions that may be sent", count(status.eligibleSessions)],
        ["Could not be sent", count(status.quarantined), "The server refused them; `han sync status` says why"],
        ["Lines sent since the start", short(status.totals.messages), `${count(status.totals.bytes)} bytes`]
      ]}
    />
    <dl className={css.facts}>
      <dt>Server</dt>
      <dd>
        {status.endpointHost}
        {status.workspace == null ? "" : `, workspace ${status.workspace}`}
      </dd>
      <dt>Last sent</dt>
      <dd>
        <Time at={status.lastSuccessAt} />
      </dd>
      {status.nextAttemptAt != null && (
        <>
          <dt>Next try</dt>
          <dd>
            {new Date(status.nextAttemptAt).toLocaleTimeString()} (after {count(status.attempts)})
          </dd>
        </>
      )}
      {status.lastError != null && (
        <>
          <dt>Last error</dt>
          <dd className={css.bad}>
            {status.lastError.message} (<Time at={status.lastError.at} />)
          </dd>
        </>
      )}
      {status.notices.map((notice) => (
        <div key={notice} style={{ display: "contents" }}>
          <dt>Notice</dt>
          <dd>{notice}</dd>
        </div>
      ))}
    </dl>
    {status.excluded.length > 0 && (
      <Section title="Not sent">
        <Grid label="Not sent" columns={[{ label: "Why" }, { label: "Sessions", kind: "figure" }]}>
          {status.excluded.map(({ count: sessions, reason }) => (
            <tr key={reason}>
              <td className={css.long}>{reason}</td>
              <td className={css.figure}>{count(sessions)}</td>
            </tr>
          ))}
        </Grid>
      </Section>
    )}
  </div>
)
