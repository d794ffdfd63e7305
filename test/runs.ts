/** Set to run laws and loads at their full size. */
export const soak = process.env["HAN_SOAK"] === "1"

/** The size of a law or a load: `full` with HAN_SOAK=1, else `quick`. */
export const runs = (full: number, quick: number): number => (soak ? full : quick)
