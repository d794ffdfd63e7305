import { graphql } from "relay-runtime"

export const query = graphql`
  query TeamPageQuery(
    $startDate: String
    $endDate: String
    $granularity: Granularity
    $projectIds: [String!]
    $projectId: String
    $repoId: String
  ) {
    teamMetrics(
      startDate: $startDate
      endDate: $endDate
      granularity: $granularity
      projectIds: $projectIds
      projectId: $projectId
      repoId: $repoId
    ) {
      totalSessions
      totalTasks
      totalTokens
      estimatedCostUsd
      sessionsByProject {
        projectId
        projectName
        count
        sessionCount
        taskCount
        successRate
      }
      sessionsByPeriod {
        period
        count
        sessionCount
        taskCount
        tokenUsage
      }
      activityTimeline {
        date
        period
        sessions
        sessionCount
        tasks
        taskCount
        tokens
        messageCount
      }
      taskCompletionMetrics {
        totalTasks
        completedTasks
        totalCreated
        totalCompleted
        successCount
        partialCount
        failureCount
        successRate
        averageConfidence
      }
      tokenUsageAggregation {
        totalInputTokens
        totalOutputTokens
        totalCachedTokens
        totalCacheReadTokens
        totalCacheCreationTokens
        totalTokens
        estimatedCostUsd
      }
      topContributors {
        userId
        contributorId
        displayName
        sessionCount
        taskCount
        tokenCount
        successRate
      }
    }
  }
`
