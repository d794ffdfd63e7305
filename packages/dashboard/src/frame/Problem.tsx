import { Component, type ReactNode } from "react"
import { Refused, SignedOut, Unreachable } from "../relay/failures.ts"
import css from "./Problem.module.css"
import { remember } from "./returning.ts"

/** What went wrong, why, and what to do next. */
export const Problem = ({ error, again }: { readonly error: Error; readonly again?: (() => void) | undefined }) => {
  if (error instanceof SignedOut) return <TurnedAway />
  const { cause, step } = explained(error)
  return (
    <div className={css.problem} role="alert">
      <h2>{cause}</h2>
      <p className={css.words}>{error.message}</p>
      <p>{step}</p>
      {again !== undefined && (
        <button type="button" className={css.again} onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}

const explained = (error: Error): { readonly cause: string; readonly step: ReactNode } => {
  if (error instanceof Unreachable)
    return {
      cause: "han does not answer",
      step: (
        <>
          Start it with <code>han coordinator start</code>. This page goes on by itself when it is there.
        </>
      )
    }
  if (error instanceof Refused) return { cause: "han could not answer this", step: "If the address was changed by hand, its filters may be wrong." }
  return {
    cause: "This page could not be shown",
    step: (
      <>
        Load it again. If it stays so, <code>han doctor</code> says what is wrong on this machine.
      </>
    )
  }
}

const TurnedAway = () => {
  if (location.pathname !== "/") remember(`${location.pathname}${location.search}`)
  return (
    <div className={css.problem} role="alert">
      <h2>This browser is not let in</h2>
      <p>
        Run <code>han open</code> in a terminal of this machine. The address that it prints lets this browser in, and leads back to this place.
      </p>
      <button type="button" className={css.again} onClick={() => location.reload()}>
        I did that
      </button>
    </div>
  )
}

interface State {
  readonly error: Error | undefined
}

/** Shows what a page throws, and lets it be tried again. */
export class Fallible extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: undefined }
  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }
  override render() {
    const { error } = this.state
    return error === undefined ? this.props.children : <Problem error={error} again={() => this.setState({ error: undefined })} />
  }
}

/** A list without rows: what would be here, and how it comes to be. */
export const Nothing = ({ children, title }: { readonly title: string; readonly children?: ReactNode }) => (
  <div className={css.nothing}>
    <h2>{title}</h2>
    {children !== undefined && <p>{children}</p>}
  </div>
)
