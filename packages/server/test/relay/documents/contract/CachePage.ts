import { graphql } from "relay-runtime"

export const query = graphql`
  query CachePageQuery {
    cacheEntries {
      id
      pluginName
      hookName
      path
      fileCount
      lastModified
    }
    cacheStats {
      totalEntries
      totalFiles
      oldestEntry
      newestEntry
    }
  }
`
