import { graphql } from "relay-runtime"

/** The start page. Unscoped, clients send empty ids, and skip the project and the repository by a variable. */
export const query = graphql`
  query DashboardPageQuery(
    $projectId: String!
    $repoId: String!
    $hasProjectId: Boolean!
    $hasRepoId: Boolean!
    $days: Int!
    $tier: Int
    $period: MetricsPeriod
    $sessionFilter: SessionFilter
  ) {
    project(id: $projectId) @include(if: $hasProjectId) {
      id
      projectId
      name
      totalSessions
      lastActivity
    }
    repo(id: $repoId) @include(if: $hasRepoId) {
      id
      repoId
      name
      totalSessions
      lastActivity
    }
    projects(first: 100) {
      id
      projectId
      name
      totalSessions
      lastActivity
    }
    sessions(first: 5, filter: $sessionFilter) {
      totalCount
      edges {
        node {
          id
          ...SessionRow_session
        }
      }
    }
    metrics(period: $period, projectId: $projectId, repoId: $repoId) {
      totalTasks
      completedTasks
      successRate
      averageConfidence
      averageDuration
      calibrationScore
      significantFrustrations
      significantFrustrationRate
      tasksByType {
        type
        count
      }
      tasksByOutcome {
        outcome
        count
      }
    }
    activity(days: $days, projectId: $projectId, repoId: $repoId) {
      ...DashboardPage_activity
    }
    dashboardAnalytics(days: $days, subscriptionTier: $tier, projectId: $projectId, repoId: $repoId) {
      ...DashboardPage_sessions
      ...DashboardPage_work
      ...DashboardPage_costs
    }
    pluginStats {
      totalPlugins
      enabledPlugins
    }
    pluginCategories {
      category
      count
    }
  }
`

export const activity = graphql`
  fragment DashboardPage_activity on ActivityData {
    totalSessions
    totalMessages
    streakDays
    totalActiveDays
    firstSessionDate
    dailyActivity {
      date
      sessionCount
      messageCount
      inputTokens
      outputTokens
      cachedTokens
      linesAdded
      linesRemoved
      filesChanged
    }
    hourlyActivity {
      hour
      sessionCount
      messageCount
    }
    tokenUsage {
      totalInputTokens
      totalOutputTokens
      totalCachedTokens
      totalTokens
      estimatedCostUsd
      messageCount
      sessionCount
    }
    dailyModelTokens {
      date
      totalTokens
      models {
        model
        displayName
        tokens
      }
    }
    modelUsage {
      model
      displayName
      inputTokens
      outputTokens
      cacheReadTokens
      cacheCreationTokens
      totalTokens
      costUsd
    }
  }
`

export const sessions = graphql`
  fragment DashboardPage_sessions on DashboardAnalytics {
    topSessions {
      ...DashboardPage_effectiveness
    }
    bottomSessions {
      ...DashboardPage_effectiveness
    }
    performanceTrend {
      weekStart
      weekLabel
      sessionCount
      avgTurns
      avgCompactions
      avgEffectiveness
    }
    compactionStats {
      totalCompactions
      sessionsWithCompactions
      sessionsWithoutCompactions
      avgCompactionsPerSession
      autoCompactCount
      manualCompactCount
      continuationCount
    }
  }
`

export const effectiveness = graphql`
  fragment DashboardPage_effectiveness on SessionEffectiveness {
    sessionId
    slug
    summary
    startedAt
    score
    sentimentTrend
    avgSentimentScore
    turnCount
    taskCompletionRate
    compactionCount
    focusScore
  }
`

export const work = graphql`
  fragment DashboardPage_work on DashboardAnalytics {
    toolUsage {
      toolName
      count
    }
    subagentUsage {
      subagentType
      count
    }
    hookHealth {
      hookName
      totalRuns
      passCount
      failCount
      passRate
      avgDurationMs
    }
    humanTimeEstimate {
      totalHumanSeconds
      totalAiSeconds
      speedupFactor
      hoursSaved
      breakdown {
        category
        humanSeconds
        percent
      }
      toolBreakdown {
        toolName
        invocations
        humanSeconds
      }
    }
  }
`

export const costs = graphql`
  fragment DashboardPage_costs on DashboardAnalytics {
    costAnalysis {
      estimatedCostUsd
      isEstimated
      cacheHitRate
      cacheSavingsUsd
      costPerSession
      costPerCompletedTask
      maxSubscriptionCostUsd
      costUtilizationPercent
      breakEvenDailySpend
      billingType
      potentialSavingsUsd
      dailyCostTrend {
        ...DashboardPage_day
      }
      weeklyCostTrend {
        ...DashboardPage_week
      }
      topSessionsByCost {
        ...DashboardPage_sessionCost
      }
      subscriptionComparisons {
        ...DashboardPage_comparison
      }
      configDirBreakdowns {
        configDirId
        configDirName
        estimatedCostUsd
        isEstimated
        cacheSavingsUsd
        totalSessions
        totalMessages
        modelCount
        costPerSession
        cacheHitRate
        potentialSavingsUsd
        costUtilizationPercent
        breakEvenDailySpend
        dailyCostTrend {
          ...DashboardPage_day
        }
        weeklyCostTrend {
          ...DashboardPage_week
        }
        topSessionsByCost {
          ...DashboardPage_sessionCost
        }
        subscriptionComparisons {
          ...DashboardPage_comparison
        }
      }
    }
  }
`

export const day = graphql`
  fragment DashboardPage_day on DailyCost {
    date
    costUsd
    sessionCount
  }
`

export const week = graphql`
  fragment DashboardPage_week on WeeklyCost {
    weekStart
    weekLabel
    costUsd
    sessionCount
    avgDailyCost
  }
`

export const sessionCost = graphql`
  fragment DashboardPage_sessionCost on SessionCost {
    sessionId
    slug
    startedAt
    messageCount
    inputTokens
    outputTokens
    cacheReadTokens
    costUsd
  }
`

export const comparison = graphql`
  fragment DashboardPage_comparison on SubscriptionComparison {
    tierName
    monthlyCostUsd
    apiCreditCostUsd
    savingsUsd
    savingsPercent
    recommendation
  }
`
