import { graphql } from "relay-runtime"

export const query = graphql`
  query MemoryPageQuery($query: String!, $projectPath: String!, $layers: [String!]) {
    memory {
      rules {
        id
        path
        content
        source
        scope
        domain
        projectName
        projectPath
        size
      }
      search(query: $query, projectPath: $projectPath, layers: $layers) {
        answer
        source
        confidence
        caveats
        layersSearched
        citations {
          ...MemoryPage_citation
        }
      }
    }
  }
`
export const citation = graphql`
  fragment MemoryPage_citation on Citation {
    source
    excerpt
    author
    timestamp
    layer
    projectName
    projectPath
    relevance
  }
`
export const ask = graphql`
  mutation MemoryPageAskMutation($question: String!, $projectPath: String!, $model: String) {
    startMemoryQuery(question: $question, projectPath: $projectPath, model: $model) {
      sessionId
      success
      message
    }
  }
`
export const progress = graphql`
  subscription MemoryPageProgressSubscription($sessionId: String) {
    memoryAgentProgress(sessionId: $sessionId) {
      sessionId
      queryId
      type
      progress
      message
      layer
      content
      resultCount
      timestamp
    }
  }
`
export const result = graphql`
  subscription MemoryPageResultSubscription($sessionId: String) {
    memoryAgentResult(sessionId: $sessionId) {
      sessionId
      queryId
      success
      result
      answer
      confidence
      error
      searchedLayers
      citations {
        ...MemoryPage_citation
      }
    }
  }
`
/** Every page holds one. */
export const updated = graphql`
  subscription MemoryPageUpdatedSubscription {
    memoryUpdated {
      type
      action
      path
      timestamp
    }
  }
`
