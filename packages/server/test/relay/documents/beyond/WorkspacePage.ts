import { graphql } from "relay-runtime"

/** A workspace of a team server, its people, and what they did. */
export const query = graphql`
  query WorkspacePageQuery($first: Int, $after: String, $last: Int, $before: String) {
    server {
      kind
      version
      features
    }
    viewer {
      person {
        id
        personId
        name
        avatarUrl
      }
      role
      scopes
      rights
    }
    workspace {
      slug
      name
      kind
      plan
      encryption
      owners
      allowPersonal
      contentAllowed
    }
    members {
      person {
        id
        name
      }
      role
      joinedAt
    }
    invites {
      id
      role
      createdBy {
        id
        name
      }
      createdAt
      expiresAt
    }
    apiKeys {
      id
      keyId
      name
      person {
        id
        name
      }
      scopes
      createdAt
      expiresAt
      lastUsedAt
      revokedAt
    }
    auditLog(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      edges {
        cursor
        node {
          seq
          at
          actor
          person {
            id
            name
          }
          action
          resource
          outcome
          detail
        }
      }
    }
  }
`
/** The sums of one person. */
export const author = graphql`
  query WorkspacePageAuthorQuery($author: String, $text: String!) {
    activity(author: $author) {
      totalSessions
    }
    metrics(author: $author) {
      totalTasks
    }
    dashboardAnalytics(author: $author) {
      toolUsage {
        toolName
        count
      }
    }
    teamMetrics(author: $author) {
      totalSessions
    }
    usage(by: AUTHOR, author: $author) {
      rows {
        key
        label
      }
    }
    search(text: $text, author: $author) {
      totalCount
    }
    sessions(filter: { author: { _isNull: false } }) {
      edges {
        node {
          id
          author {
            id
            name
          }
        }
      }
    }
  }
`
export const createInvite = graphql`
  mutation WorkspacePageCreateInviteMutation($role: Role!) {
    createInvite(role: $role) {
      code
      invite {
        id
        role
      }
    }
  }
`
export const revokeInvite = graphql`
  mutation WorkspacePageRevokeInviteMutation($id: ID!) {
    revokeInvite(id: $id)
  }
`
export const redeemInvite = graphql`
  mutation WorkspacePageRedeemInviteMutation($code: String!) {
    redeemInvite(code: $code) {
      slug
      role
    }
  }
`
export const changeMemberRole = graphql`
  mutation WorkspacePageChangeMemberRoleMutation($person: ID!, $role: Role!) {
    changeMemberRole(person: $person, role: $role) {
      role
    }
  }
`
export const removeMember = graphql`
  mutation WorkspacePageRemoveMemberMutation($person: ID!) {
    removeMember(person: $person)
  }
`
export const createApiKey = graphql`
  mutation WorkspacePageCreateApiKeyMutation($name: String!, $scopes: [KeyScope!]!, $expiresInDays: Int) {
    createApiKey(name: $name, scopes: $scopes, expiresInDays: $expiresInDays) {
      key
      apiKey {
        keyId
      }
    }
  }
`
export const revokeApiKey = graphql`
  mutation WorkspacePageRevokeApiKeyMutation($keyId: ID!) {
    revokeApiKey(keyId: $keyId)
  }
`
export const changeWorkspace = graphql`
  mutation WorkspacePageChangeWorkspaceMutation($name: String, $allowPersonal: Boolean, $contentAllowed: Boolean) {
    changeWorkspace(name: $name, allowPersonal: $allowPersonal, contentAllowed: $contentAllowed) {
      name
    }
  }
`
export const forgetSession = graphql`
  mutation WorkspacePageForgetSessionMutation($id: ID!) {
    forgetSession(id: $id)
  }
`
