import { graphql } from "relay-runtime"

/** What this machine has, and what is wrong with it. */
export const query = graphql`
  query MachinePageQuery($first: Int, $projectId: String) {
    indexProblems(first: $first) {
      kind
      path
      transcript
      line
      lines
      offset
      reason
    }
    settings(projectId: $projectId) {
      permissions {
        askList
      }
      problems {
        path
        message
      }
    }
    plugins {
      id
      version
      installPath
      projectPath
    }
  }
`
export const toggle = graphql`
  mutation MachinePageToggleMutation($name: String!, $marketplace: String!, $scope: PluginScope!, $projectPath: String, $enabled: Boolean!) {
    togglePlugin(name: $name, marketplace: $marketplace, scope: $scope, projectPath: $projectPath, enabled: $enabled) {
      success
      message
    }
  }
`
export const remove = graphql`
  mutation MachinePageRemoveMutation($name: String!, $marketplace: String!, $scope: PluginScope!, $projectPath: String) {
    removePlugin(name: $name, marketplace: $marketplace, scope: $scope, projectPath: $projectPath) {
      success
      message
    }
  }
`
