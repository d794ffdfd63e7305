const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** As much of an id as a person needs to type: the beginning of a uuid. Where a program may read it, the id is whole. */
export const shortId = (id: string, terminal: { readonly output: boolean }): string => (terminal.output && uuid.test(id) ? id.slice(0, 8) : id)
