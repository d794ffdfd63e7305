import { machine } from "han-graphql/Machine"
import { makeSchema } from "han-graphql/Schema"

/** The schema with every part, as the coordinator serves it. */
export const schema = makeSchema({ machine })
