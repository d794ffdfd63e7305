import * as Effect from "effect/Effect"
import { GraphQLFloat, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString } from "graphql"
import { MemoryRules, type MemoryRule as Rule } from "han-core/MemoryRules"
import { Search } from "han-core/Search"
import { Sessions } from "han-core/Sessions"
import { field, flag, id, int, isoOf, listOf, text } from "../context/Field.ts"
import type { MachineContext } from "../context/GraphqlContext.ts"
import { globalId } from "../relay/GlobalId.ts"
import { searchesIn } from "./ruleSearch.ts"

const MemoryRule = new GraphQLObjectType<Rule>({
  name: "MemoryRule",
  description: "A file of instructions that Claude Code reads.",
  fields: {
    id: id("Unique among everything.", (rule) => globalId("MemoryRule", rule.id)),
    path: text("Where it is."),
    content: text("Its text; the first 256 KiB of a longer one."),
    source: text("Whose it is: `user`, `project`, `local`."),
    scope: text("`USER` or `PROJECT`."),
    domain: text("What it is about, by its name."),
    projectName: text("The project's name; null for the user's."),
    projectPath: text("The project's folder; null for the user's."),
    size: int("Bytes of the file.")
  }
})
export const Citation = new GraphQLObjectType({
  name: "Citation",
  description: "Where something stands.",
  fields: {
    source: text("A message's `id`, or the path of a file."),
    excerpt: text("The words around it."),
    author: text("Who wrote it: `user`, `assistant`, `system`; null for a file."),
    timestamp: text("When."),
    layer: text("`transcripts` or `rules`."),
    projectName: text("The project."),
    projectPath: text("Its folder."),
    relevance: field(GraphQLFloat, "From 0 to 1 by place in the answer.")
  }
})
const MemorySearchResult = new GraphQLObjectType({
  name: "MemorySearchResult",
  description: "What the words of a question lead to. Nothing is made up: citations are found by their words.",
  fields: {
    answer: text("What was found, in one sentence."),
    confidence: text("`high`, `medium` or `low`: how many citations there are; `none` without."),
    source: text("The first citation's."),
    citations: listOf(Citation, "The best match first, at most ten of each layer."),
    layersSearched: listOf(GraphQLString, "`rules`, `transcripts`."),
    caveats: listOf(GraphQLString, "What to know about the answer.")
  }
})

export const MemoryQuery = new GraphQLObjectType<unknown, MachineContext>({
  name: "MemoryQuery",
  description: "What is written down for agents, and what was said before.",
  fields: {
    rules: listOf<unknown, MachineContext>(MemoryRule, "Instructions of the user and of all projects that are known.", async (_, __, { loaders, run }) => {
      const projectPaths = (await loaders.projects()).map(({ path }) => path)
      return (await run(Effect.flatMap(MemoryRules, (memory) => memory.rules({ projectPaths })))).rules
    }),
    search: {
      ...field<unknown, MachineContext>(MemorySearchResult, "Rules and messages with the words of a question.", (_, args: MemorySearchArgs, context) =>
        searchMemory(args, context)
      ),
      args: {
        query: { type: new GraphQLNonNull(GraphQLString), description: "Words." },
        projectPath: { type: new GraphQLNonNull(GraphQLString), description: "The project: its folder or its remote; empty for all." },
        layers: { type: new GraphQLList(new GraphQLNonNull(GraphQLString)), description: "`rules`, `transcripts`; both without." }
      }
    }
  }
})
interface MemorySearchArgs {
  readonly query: string
  readonly projectPath: string
  readonly layers?: ReadonlyArray<string> | null
}

const most = 10
const searchMemory = async ({ layers, projectPath, query }: MemorySearchArgs, context: MachineContext) => {
  const wanted = (layer: string) => layers == null || layers.length === 0 || layers.includes(layer)
  const rules = wanted("rules") ? await citedRules(projectPath, query, context) : []
  const messages = wanted("transcripts") ? await citedMessages(projectPath, query, context) : []
  const citations = [...rules, ...messages].map((citation, place, all) => ({ ...citation, relevance: 1 - place / all.length }))
  return {
    answer:
      citations.length === 0
        ? "Nothing was found with all of these words."
        : `${citations.length} passages have these words; the first is in ${citations[0]?.source}.`,
    confidence: citations.length === 0 ? "none" : citations.length >= 5 ? "high" : citations.length >= 2 ? "medium" : "low",
    source: citations[0]?.source ?? null,
    citations,
    layersSearched: ["rules", "transcripts"].filter(wanted),
    caveats: ["Found by words; no model has read them."]
  }
}

const citedRules = async (projectPath: string, query: string, { loaders, run }: MachineContext) => {
  const projects = (await loaders.projects()).filter(({ path, repo }) => projectPath === "" || path === projectPath || repo === projectPath)
  const { rules } = await run(Effect.flatMap(MemoryRules, (memory) => memory.rules({ projectPaths: projects.map(({ path }) => path) })))
  return searchesIn(rules, query, most).map(({ excerpt, rule }) => ({
    source: rule.path,
    excerpt,
    author: null,
    timestamp: null,
    layer: "rules",
    projectName: rule.projectName,
    projectPath: rule.projectPath
  }))
}

const citedMessages = (projectPath: string, query: string, { run }: MachineContext) =>
  run(
    Effect.gen(function* () {
      const search = yield* Search
      const sessions = yield* Sessions
      const page = yield* search.messages({ text: query, order: "rank", ...(projectPath !== "" && { project: projectPath }) }, { first: most })
      const known = yield* sessions.getMany([...new Set(page.items.map(({ node }) => node.sessionId))])
      const bySession = new Map(known.map((session) => [session.id, session]))
      return page.items.map(({ node }) => {
        const session = bySession.get(node.sessionId)
        return {
          source: globalId("Message", node.messageId),
          excerpt: node.excerpt,
          author: node.role,
          timestamp: isoOf(node.at),
          layer: "transcripts",
          projectName: session?.project ?? null,
          projectPath: session?.cwd ?? null
        }
      })
    })
  )

export const MemoryQueryStartResult = new GraphQLObjectType({
  name: "MemoryQueryStartResult",
  description: "Whether a question to the memory was begun.",
  fields: {
    sessionId: text("What to subscribe to for the answer; null when it was not."),
    success: flag("Whether it was."),
    message: text("Why it was not, and what to do.")
  }
})
