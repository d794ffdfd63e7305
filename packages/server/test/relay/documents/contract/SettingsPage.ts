import { graphql } from "relay-runtime"

export const query = graphql`
  query SettingsPageQuery($projectId: String, $clientVersion: String) {
    coordinatorStatus(clientVersion: $clientVersion) {
      version
      needsRestart
    }
    settings(projectId: $projectId) {
      claudeSettingsFiles {
        ...SettingsPage_file
      }
      hanConfigFiles {
        ...SettingsPage_file
      }
      claudeSettings {
        userFile
        projectFile
        localFile
        path
        exists
        lastModified
        pluginCount
        mcpServerCount
        hasPermissions
      }
      hanConfig {
        rootFile
        directoryFile
        path
        exists
        lastModified
        hooksEnabled
        memoryEnabled
        metricsEnabled
        pluginConfigCount
      }
      mcpServers {
        id
        name
        command
        url
        type
        source
        argCount
        hasEnv
      }
      permissions {
        allowedTools
        deniedTools
        allowList
        denyList
        additionalDirectories
      }
    }
  }
`

export const file = graphql`
  fragment SettingsPage_file on SettingsFile {
    path
    source
    sourceLabel
    type
    exists
    lastModified
  }
`
