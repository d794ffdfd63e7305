import * as Effect from "effect/Effect"
import type { Principal } from "han-core/Workspaces"

/** Somebody who keeps a connection open. */
export interface Standing {
  readonly principal: Principal
  /** The name of what they came with, such as a digest of the key: connections of the same are looked at once. */
  readonly credential: string
  /** Who has the same credential now; null for whoever is not let in any more. Undefined while nobody can tell. */
  readonly again: Effect.Effect<Principal | null | undefined>
}

type End = (reason: "gone" | "changed") => void

/** Connections that are open, and the looks at whether they still may be. */
export interface OpenConnections {
  /** Keeps watch over a connection until the function that it gives is called. `end` is called when its person has to go, or has other rights now. */
  readonly hold: (standing: Standing, end: End) => () => void
  /** Connections of this person in the workspace. */
  readonly of: (principal: Principal) => number
  /** Looks at every credential once, each in its turn. */
  readonly look: Effect.Effect<void>
}

/** Connections with one credential. */
interface Open {
  readonly standing: Standing
  readonly ends: Map<object, { readonly end: End; readonly rights: string }>
}

export const make = (): OpenConnections => {
  const open = new Map<string, Open>()
  const people = new Map<string, number>()
  const lookAt = ({ ends, standing }: Open) =>
    Effect.map(standing.again, (now) => {
      if (now === undefined) return
      for (const { end, rights } of [...ends.values()]) {
        if (now === null) end("gone")
        else if (rightsOf(now) !== rights) end("changed")
      }
    })
  return {
    hold: (standing, end) => {
      const { credential, principal } = standing
      const entry: Open = open.get(credential) ?? { standing, ends: new Map() }
      open.set(credential, entry)
      const key = {}
      entry.ends.set(key, { end, rights: rightsOf(principal) })
      const person = personOf(principal)
      people.set(person, (people.get(person) ?? 0) + 1)
      return () => {
        if (!entry.ends.delete(key)) return
        if (entry.ends.size === 0) open.delete(credential)
        const left = (people.get(person) ?? 1) - 1
        if (left === 0) people.delete(person)
        else people.set(person, left)
      }
    },
    of: (principal) => people.get(personOf(principal)) ?? 0,
    // Those that come meanwhile were asked who they are just now.
    look: Effect.suspend(() => Effect.forEach([...open.values()], lookAt, { concurrency: 4, discard: true }))
  }
}

/** The name of a person in a workspace. */
export const personOf = ({ owner, person }: Principal): string => JSON.stringify([owner, person])
/** The name of all who see the same. */
export const rightsOf = ({ owner, person, role, scopes }: Principal): string => JSON.stringify([owner, person, role, [...scopes].sort()])
