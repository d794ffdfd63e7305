/** `; did you mean A, B?`, or what else helps. */
export const meant = (near: ReadonlyArray<string>, otherwise: string): string => (near.length === 0 ? `; ${otherwise}` : `; did you mean ${near.join(", ")}?`)
