/** Makes a value once for each key, and keeps it as long as the key. */
export const memoized = <Key extends object, A>(make: (key: Key) => A): ((key: Key) => A) => {
  const made = new WeakMap<Key, { readonly value: A }>()
  return (key) => {
    let entry = made.get(key)
    if (entry === undefined) made.set(key, (entry = { value: make(key) }))
    return entry.value
  }
}
