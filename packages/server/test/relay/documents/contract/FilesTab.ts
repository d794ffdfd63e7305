import { graphql } from "relay-runtime"

export const session = graphql`
  fragment FilesTab_session on Session
  @refetchable(queryName: "FilesTabRefetchQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 50 }, after: { type: "String" }, last: { type: "Int" }, before: { type: "String" }) {
    fileChangeCount
    fileChanges(first: $first, after: $after, last: $last, before: $before) @connection(key: "FilesTab_fileChanges") {
      totalCount
      edges {
        cursor
        node {
          id
          sessionId
          filePath
          action
          toolName
          recordedAt
          isValidated
          fileHashBefore
          fileHashAfter
          validations {
            ...FilesTab_validation
          }
          missingValidations {
            ...FilesTab_validation
          }
        }
      }
    }
  }
`

export const validation = graphql`
  fragment FilesTab_validation on FileValidation {
    id
    pluginName
    hookName
    directory
    validatedAt
  }
`
