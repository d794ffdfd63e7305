import * as nodeAssert from "node:assert/strict"

/** The comparisons that cases make. They need no runner of tests: each throws an `AssertionError`. */
export const assert = {
  strictEqual: (actual: unknown, expected: unknown, message?: string): void => nodeAssert.strictEqual(actual, expected, message),
  deepStrictEqual: (actual: unknown, expected: unknown, message?: string): void => nodeAssert.deepStrictEqual(actual, expected, message),
  match: (text: string, pattern: RegExp): void => nodeAssert.match(text, pattern),
  isTrue: (value: unknown, message?: string): void => nodeAssert.strictEqual(value, true, message),
  isFalse: (value: unknown): void => nodeAssert.strictEqual(value, false),
  isNull: (value: unknown): void => nodeAssert.strictEqual(value, null),
  isNotNull: (value: unknown): void => nodeAssert.notStrictEqual(value, null),
  isUndefined: (value: unknown): void => nodeAssert.strictEqual(value, undefined),
  isAbove: (value: number, bound: number): void => nodeAssert.ok(value > bound, `${value} is not above ${bound}`),
  isBelow: (value: number, bound: number): void => nodeAssert.ok(value < bound, `${value} is not below ${bound}`),
  include: <A>(whole: string | ReadonlyArray<A>, part: A & string): void => nodeAssert.ok(whole.includes(part), `${part} is not in ${whole}`),
  notInclude: (whole: string, part: string): void => nodeAssert.ok(!whole.includes(part), `${part} is in ${whole}`),
  /** Each member of `part` is in `whole`. */
  deepInclude: (whole: object | undefined, part: object): void =>
    nodeAssert.deepStrictEqual(Object.fromEntries(Object.entries(whole ?? {}).filter(([key]) => key in part)), { ...part })
}
