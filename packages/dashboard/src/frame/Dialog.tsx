import { type ReactNode, useEffect, useRef } from "react"
import css from "./Dialog.module.css"

/** A modal dialog. Closing gives the focus back to where it was. */
export const Dialog = ({ children, close, label }: { readonly label: string; readonly close: () => void; readonly children: ReactNode }) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    const element = dialog.current
    element?.showModal()
    return () => {
      element?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself; the click is the one beside it.
    <dialog
      ref={dialog}
      className={css.dialog}
      aria-label={label}
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) close()
      }}
    >
      <div className={css.inside}>{children}</div>
    </dialog>
  )
}
