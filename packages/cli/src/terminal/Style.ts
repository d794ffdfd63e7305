/** Paints text that holds no control characters; without colour it is left as it is. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const paint = (on: number, off: number) => (text: string) => (text === "" ? "" : `\u001b[${on}m${text}\u001b[${off}m`)
const same = (text: string) => text

export const coloured: Style = { bold: paint(1, 22), dim: paint(2, 22), red: paint(31, 39), green: paint(32, 39), yellow: paint(33, 39), cyan: paint(36, 39) }
export const uncoloured: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same }

export const styleOf = (terminal: { readonly colour: boolean }): Style => (terminal.colour ? coloured : uncoloured)
