import { useEffect, useReducer, useRef, useState, useSyncExternalStore } from "react"
import { fetchQuery, type GraphQLTaggedNode, type OperationType, requestSubscription } from "relay-runtime"
import { environment } from "./environment.ts"
import { link } from "./link.ts"

/** Asks once, past the cache. Answers are as the server gave them, and nobody keeps them for others. */
export const ask = async <Operation extends OperationType>(query: GraphQLTaggedNode, variables: Operation["variables"]): Promise<Operation["response"]> => {
  const answer = await fetchQuery<Operation>(environment, query, variables, { fetchPolicy: "network-only" }).toPromise()
  if (answer === undefined) throw new Error("the question was given up")
  return answer
}

export const useLinkState = () => useSyncExternalStore(link.listen, link.state)
/** Changes each time the line to the server is there again after it was lost. */
export const useReturns = (): number => useSyncExternalStore(link.listen, link.returns)

/** Hears a subscription while the component is shown. Events come one by one, in their order. */
export const useEvents = <Operation extends OperationType>(
  subscription: GraphQLTaggedNode,
  variables: Operation["variables"] | null,
  heard: (event: Operation["response"]) => void
): void => {
  const latest = useRef(heard)
  latest.current = heard
  const key = variables === null ? null : JSON.stringify(variables)
  useEffect(() => {
    if (key === null) return
    const { dispose } = requestSubscription<Operation>(environment, {
      subscription,
      variables: JSON.parse(key) as Operation["variables"],
      onNext: (event) => {
        if (event != null) latest.current(event)
      },
      // A line that is lost is opened again by itself; a refusal shows at the next question.
      onError: () => {}
    })
    return dispose
  }, [subscription, key])
}

interface Asked<Answer> {
  /** The newest answer; the one of the question before while a new one is under way. */
  readonly data: Answer | undefined
  readonly error: Error | undefined
  readonly pending: boolean
  readonly again: () => void
}

/** Asks whenever the variables change, the line comes back, or `again` is called. The last answer stays until the next is there, so that a page does not flicker. */
export const useAnswer = <Operation extends OperationType>(
  query: GraphQLTaggedNode,
  variables: Operation["variables"] | null
): Asked<Operation["response"]> => {
  const [state, setState] = useState<{ data?: Operation["response"]; error?: Error; for?: string }>({})
  const [turn, again] = useReducer((turn: number) => turn + 1, 0)
  const returns = useReturns()
  const key = variables === null ? null : JSON.stringify(variables)
  const asked = `${key}/${turn}/${returns}`
  useEffect(() => {
    if (key === null) return
    let over = false
    ask<Operation>(query, JSON.parse(key) as Operation["variables"]).then(
      (data) => over || setState({ data, for: asked }),
      (error: unknown) => over || setState((before) => ({ ...before, error: error instanceof Error ? error : new Error(String(error)), for: asked }))
    )
    return () => {
      over = true
    }
  }, [query, key, asked])
  return { data: state.data, error: state.for === asked ? state.error : undefined, pending: key !== null && state.for !== asked, again }
}

/** Calls `act` at most once in `ms`, the last time after the last call. */
export const useThrottled = (act: () => void, ms: number): (() => void) => {
  const latest = useRef(act)
  latest.current = act
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const lastAt = useRef(0)
  useEffect(() => () => clearTimeout(timer.current), [])
  return useRef(() => {
    if (timer.current !== undefined) return
    timer.current = setTimeout(
      () => {
        timer.current = undefined
        lastAt.current = Date.now()
        latest.current()
      },
      Math.max(0, lastAt.current + ms - Date.now())
    )
  }).current
}
