import { graphql } from "relay-runtime"

export const query = graphql`
  query ConfigDirsPageQuery {
    configDirs {
      id
      path
      name
      isDefault
      registeredAt
      lastIndexedAt
      sessionCount
    }
  }
`
export const register = graphql`
  mutation ConfigDirsPageRegisterMutation($path: String!, $name: String) {
    registerConfigDir(path: $path, name: $name)
  }
`
export const unregister = graphql`
  mutation ConfigDirsPageUnregisterMutation($path: String!) {
    unregisterConfigDir(path: $path)
  }
`
