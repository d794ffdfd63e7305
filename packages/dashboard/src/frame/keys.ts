import { useEffect, useRef } from "react"

export type Bindings = Readonly<Record<string, (event: KeyboardEvent) => void>>

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

const nameOf = ({ ctrlKey, key, metaKey }: KeyboardEvent): string => (metaKey || ctrlKey ? `mod-${key.toLowerCase()}` : key)

const leaderMs = 1200

/** The bindings that hold now, the innermost last. */
const layers: Array<{ readonly bindings: Bindings }> = []
let leader: { readonly key: string; readonly at: number } | undefined

const onKey = (event: KeyboardEvent): void => {
  if (event.defaultPrevented || event.altKey) return
  const name = nameOf(event)
  const typing = isTyping(event.target)
  if (typing && !name.startsWith("mod-") && name !== "Escape") return
  // A dialog has its own keys.
  if (document.querySelector("dialog[open]") !== null && name !== "mod-k") return
  const both = leader !== undefined && Date.now() - leader.at < leaderMs ? `${leader.key}-${name}` : undefined
  leader = undefined
  for (const sequence of both === undefined ? [name] : [both, name]) {
    const layer = layers.findLast(({ bindings }) => Object.hasOwn(bindings, sequence))
    if (layer === undefined) continue
    // A control that has the focus keeps the keys that press it.
    if (
      (name === " " || name === "Enter") &&
      event.target instanceof HTMLElement &&
      event.target.closest("button, summary, a, [role=tab]") !== null &&
      name === "Enter"
    )
      return
    if (name === " " && event.target instanceof HTMLElement && event.target.closest("button, summary, [role=tab]") !== null) return
    event.preventDefault()
    layer.bindings[sequence]?.(event)
    return
  }
  if (name === "g" || name === "s") leader = { key: name, at: Date.now() }
}

/** Keys while the component is shown. `g-s`: one after the other; `mod-k`: with the command or control key. Typing into a field is left alone. */
export const useKeys = (bindings: Bindings): void => {
  const latest = useRef(bindings)
  latest.current = bindings
  const names = Object.keys(bindings).join("\n")
  useEffect(() => {
    const own = Object.fromEntries(names.split("\n").map((name) => [name, (event: KeyboardEvent) => latest.current[name]?.(event)]))
    const layer = { bindings: own }
    if (layers.length === 0) addEventListener("keydown", onKey)
    layers.push(layer)
    return () => {
      layers.splice(layers.indexOf(layer), 1)
      if (layers.length === 0) removeEventListener("keydown", onKey)
    }
  }, [names])
}
