const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Text for a person to decide about: nothing of it steers the terminal, and nothing is left out; what cannot be seen stands as `\u{…}`. Lines stay lines. */
export const exactText = (text: string): string =>
  text.replace(unseen, (character) => (character === "\n" ? "\n" : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`))
