import type { Costs } from "han-core/Analytics"
import type { Project } from "han-core/Project"
import type { Session } from "han-core/Session"
import type { Fields } from "./Field.ts"
import type { MachineContext } from "./GraphqlContext.ts"

/** Costs of the sessions of each configuration folder; empty with fewer than two folders. */
export interface CostsByRoot {
  readonly byRoot: () => Promise<
    ReadonlyArray<{ readonly root: string; readonly costs: Costs; readonly sessions: number; readonly messages: number; readonly models: number }>
  >
}

/** Fields of the schema that only a machine with people's files can answer. `han-graphql/Machine` is one. */
export interface MachinePart {
  readonly query: Fields<unknown, MachineContext>
  readonly mutation: Fields<unknown, MachineContext>
  readonly subscription: Fields<unknown, MachineContext>
  readonly project: Fields<Project, MachineContext>
  readonly session: Fields<Session, MachineContext>
  readonly costAnalysis: Fields<CostsByRoot, MachineContext>
}

/** The parts of one schema, beside what every schema answers. Types whose fields depend on the parts are functions of them, `memoized`: each schema has its own. */
export interface SchemaParts {
  /** Its resolvers want a `MachineContext`. */
  readonly machine?: MachinePart | undefined
}
