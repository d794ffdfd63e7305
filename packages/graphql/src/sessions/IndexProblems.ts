import { GraphQLObjectType } from "graphql"
import type { IndexProblem } from "han-core/Session"
import { always, int, text } from "../context/Field.ts"

export const IndexProblemType = new GraphQLObjectType<IndexProblem>({
  name: "IndexProblem",
  description: "A line of a transcript that could not be understood. It is kept as it was written.",
  fields: {
    kind: always(
      text(
        "`unreadable`: no JSON object · `impossible`: with numbers of tokens that no response has · `unrecognized`: of a kind that this version of han does not know."
      )
    ),
    transcript: always(text("The transcript.")),
    path: text("Its file as it was last seen."),
    line: always(int("The line, from 0: of an unknown kind the first.")),
    offset: always(int("Where the line begins in the file, in bytes.")),
    reason: always(text("What is wrong with it, or the unknown kind.")),
    lines: always(int("How many lines of that kind there are."))
  }
})
