import { useEffect, useState } from "react"
import css from "./Frame.module.css"

/** Said only when it takes long enough to be wondered at. */
export const Waiting = () => {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300)
    return () => clearTimeout(timer)
  }, [])
  return (
    <p className={css.waiting} role="status">
      {late ? "Loading…" : ""}
    </p>
  )
}
