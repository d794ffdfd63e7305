import { graphql } from "relay-runtime"

export const query = graphql`
  query ProjectListPageQuery($first: Int, $filter: ProjectFilter, $orderBy: ProjectOrderBy) {
    projects(first: $first, filter: $filter, orderBy: $orderBy) {
      ...NodePage_project
    }
  }
`
export const project = graphql`
  query ProjectListPageProjectQuery($id: String!) {
    project(id: $id) {
      ...NodePage_project
    }
  }
`
export const added = graphql`
  subscription ProjectListPageSubscription($parentId: ID) {
    projectAdded(parentId: $parentId) {
      projectId
      parentId
    }
  }
`
