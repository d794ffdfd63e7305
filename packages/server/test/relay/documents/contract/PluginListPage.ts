import { graphql } from "relay-runtime"

export const query = graphql`
  query PluginListPageQuery($scope: PluginScope) {
    plugins(scope: $scope) {
      id
      name
      marketplace
      scope
      enabled
      category
    }
    pluginStats {
      totalPlugins
      userPlugins
      projectPlugins
      localPlugins
      enabledPlugins
    }
    pluginCategories {
      category
      count
    }
  }
`
export const toggle = graphql`
  mutation PluginListPageToggleMutation($name: String!, $marketplace: String!, $scope: PluginScope!, $enabled: Boolean!) {
    togglePlugin(name: $name, marketplace: $marketplace, scope: $scope, enabled: $enabled) {
      success
      message
    }
  }
`
export const remove = graphql`
  mutation PluginListPageRemoveMutation($name: String!, $marketplace: String!, $scope: PluginScope!) {
    removePlugin(name: $name, marketplace: $marketplace, scope: $scope) {
      success
      message
    }
  }
`
