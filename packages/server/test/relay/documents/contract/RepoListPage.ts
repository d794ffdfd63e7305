import { graphql } from "relay-runtime"

export const query = graphql`
  query RepoListPageQuery($first: Int, $filter: RepoFilter, $orderBy: RepoOrderBy) {
    repos(first: $first, filter: $filter, orderBy: $orderBy) {
      ...NodePage_repo
    }
  }
`
export const repo = graphql`
  query RepoListPageRepoQuery($id: String!) {
    repo(id: $id) {
      ...NodePage_repo
    }
  }
`
export const added = graphql`
  subscription RepoListPageSubscription {
    repoAdded {
      repoId
    }
  }
`
