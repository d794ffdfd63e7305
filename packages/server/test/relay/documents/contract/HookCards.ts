import { graphql } from "relay-runtime"

export const message = graphql`
  fragment HookCards_message on Message {
    ... on HookRunMessage {
      hookName
      hook
      plugin
      hookType
      directory
      hookRunId
      cached
      result {
        id
        success
        result
        output
        error
        durationMs
        exitCode
        cached
      }
    }
    ... on HookResultMessage {
      hook
      hookName
      directory
      plugin
      success
      durationMs
      exitCode
      output
      error
      cached
    }
    ... on HookCheckStateMessage {
      hookType
      hooksCount
      fingerprint
    }
    ... on HookReferenceMessage {
      filePath
      plugin
      reason
      success
      durationMs
    }
    ... on HookValidationMessage {
      hook
      plugin
      directory
      success
      cached
      durationMs
      exitCode
      output
      error
    }
    ... on HookScriptMessage {
      command
      plugin
      success
      durationMs
      exitCode
      output
    }
    ... on HookDatetimeMessage {
      datetime
      plugin
      durationMs
    }
    ... on HookFileChangeMessage {
      filePath
      action
      changeToolName
      recordedSessionId
    }
    ... on HookValidationCacheMessage {
      hook
      plugin
      directory
      fileCount
    }
  }
`

/** A card that waits for its result holds one; a card that has it subscribes with an empty id. */
export const result = graphql`
  subscription HookCardsResultSubscription($hookRunId: String!) {
    hookResultAdded(hookRunId: $hookRunId) {
      sessionId
      hookRunId
      pluginName
      hookName
      success
      durationMs
    }
  }
`
