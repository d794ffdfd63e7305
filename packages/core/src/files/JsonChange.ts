/** Names of properties, and places in a list: one past the end appends. */
export type JsonPath = ReadonlyArray<string | number>

/** A value set, with the objects above it if they are missing, or taken out; what is not there is no error. */
export type JsonChange = { readonly path: JsonPath; readonly value: unknown } | { readonly path: JsonPath; readonly remove: true }
