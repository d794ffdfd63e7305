import { graphql } from "relay-runtime"

/** Whatever an id leads to. */
export const query = graphql`
  query NodePageQuery($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Session {
        name
      }
      ... on HookExecution {
        ...NodePage_hookExecution
      }
      ... on NativeTask {
        subject
        taskSession: sessionId
      }
      ... on Project {
        ...NodePage_project
      }
      ... on Repo {
        ...NodePage_repo
      }
      ... on ConfigDir {
        path
        dirName: name
        isDefault
        registeredAt
        lastIndexedAt
        sessionCount
      }
    }
  }
`

export const hookExecution = graphql`
  fragment NodePage_hookExecution on HookExecution {
    id
    sessionId
    orchestrationId
    taskId
    hookType
    hookName
    hookSource
    directory
    command
    durationMs
    exitCode
    passed
    output
    error
    status
    executedAt
    timestamp
  }
`

export const project = graphql`
  fragment NodePage_project on Project {
    id
    projectId
    projectRepo: repoId
    slug
    path
    relativePath
    name
    isWorktree
    createdAt
    updatedAt
    lastActivity
    totalSessions
    sessionCount
    worktrees {
      id
      path
    }
    subdirs {
      id
      path
    }
    plugins {
      id
      name
      scope
    }
  }
`

export const repo = graphql`
  fragment NodePage_repo on Repo {
    id
    repoId
    remote
    name
    path
    defaultBranch
    createdAt
    updatedAt
    lastActivity
    totalSessions
    projects {
      id
      path
    }
  }
`
