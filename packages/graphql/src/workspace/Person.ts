import { GraphQLObjectType } from "graphql"
import type { Person } from "han-core/Membership"
import type { PersonId } from "han-core/Viewer"
import { always, id, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { globalId, rawIdOf } from "../relay/GlobalId.ts"

export const PersonType = new GraphQLObjectType<Person>({
  name: "Person",
  description: "Somebody who is or was a member of a workspace.",
  fields: {
    id: always(id("`Person:` and `personId`.", (person) => globalId("Person", person.id))),
    personId: always(text("What `author` of filters and the mutations take.", (person) => person.id)),
    name: always(text("What they are called.")),
    avatarUrl: text("A picture of them; null without one.")
  }
})

/** Who is meant by an author of a session; null where nobody is. */
export const personOf = async (author: PersonId | string | null, { loaders }: GraphqlContext): Promise<Person | null> =>
  author === null ? null : loaders.person.load(author as PersonId)

/** The argument that asks for the sessions of one person. */
export const authorOf = (author: string | null | undefined): { readonly author?: string } =>
  author == null || author === "" ? {} : { author: rawIdOf("Person", author) }
