import { GraphQLObjectType } from "graphql"
import { always, id, text } from "../context/Field.ts"

export const UserType = new GraphQLObjectType({
  name: "User",
  description: "A person of a team.",
  fields: {
    id: always(id("Unique among everything.")),
    name: text("What they are called."),
    email: text("Where they get mail."),
    avatarUrl: text("A picture of them.")
  }
})
