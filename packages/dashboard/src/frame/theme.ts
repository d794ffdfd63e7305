/** `system`: as the system has it. */
export type Theme = "system" | "light" | "dark"

const key = "han.theme"
const listeners = new Set<() => void>()

const stored = (): Theme => {
  const value = localStorage.getItem(key)
  return value === "light" || value === "dark" ? value : "system"
}

export const theme = {
  now: stored,
  listen: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
  choose: (next: Theme): void => {
    if (next === "system") localStorage.removeItem(key)
    else localStorage.setItem(key, next)
    show()
    for (const listener of listeners) listener()
  }
}

/** Sets it on the document, before anything is shown. */
export const show = (): void => {
  const now = stored()
  if (now === "system") delete document.documentElement.dataset["theme"]
  else document.documentElement.dataset["theme"] = now
}
