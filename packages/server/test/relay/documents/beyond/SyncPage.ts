import { graphql } from "relay-runtime"

/** How sync stands, and what became of the sessions of the first page. */
export const query = graphql`
  query SyncPageQuery($first: Int) {
    syncStatus {
      enabled
      configured
      endpointHost
      workspace
      state
      clientId
      queueSize
      quarantined
      pendingSessions
      pendingMessages
      oldestPendingAt
      lastAttemptAt
      lastSuccessAt
      nextAttemptAt
      attempts
      lastError {
        code
        message
        at
      }
      eligibleSessions
      excluded {
        reason
        count
      }
      totals {
        messages
        bytes
      }
      notices
    }
    sessions(first: $first) {
      edges {
        node {
          sync {
            state
            reason
            lines
            syncedLines
            lastAckAt
          }
        }
      }
    }
  }
`
export const changed = graphql`
  subscription SyncPageChangedSubscription {
    syncStatusChanged {
      state
      pendingMessages
    }
  }
`
