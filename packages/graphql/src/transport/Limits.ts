/**
 * The most that one GraphQL operation may ask for, counted before it is run.
 *
 * @example
 * ```ts
 * import type { GraphQLSchema } from "graphql"
 * import * as Execution from "han-graphql/Execution"
 * import { type Limits, standard } from "han-graphql/Limits"
 *
 * const halved: Partial<Limits> = { depth: 15, cost: standard.cost / 2 }
 * const executionOf = (schema: GraphQLSchema) => Execution.make({ schema, contextOf: () => ({}), limits: halved })
 * ```
 */

import {
  type ASTVisitor,
  BREAK,
  type FieldNode,
  GraphQLError,
  type GraphQLField,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
  valueFromASTUntyped
} from "graphql"

/** The most that an operation may ask for. Each is far above what a page of a dashboard needs. */
export interface Limits {
  /** Levels of fields, and of lists and objects in an argument. */
  readonly depth: number
  /** Fields of one operation at its root, aliases counted one by one. */
  readonly rootFields: number
  /** Aliases in a document, but for those of `__typename`, of which compilers write many. */
  readonly aliases: number
  /** Fields in a document. */
  readonly fields: number
  readonly directives: number
  /** Lexical tokens of a document. */
  readonly tokens: number
  /** Fields in the answer, where a page has as many rows as `first` or `last` ask for. */
  readonly cost: number
  /** Rows of a page whose size is not asked for. */
  readonly assumedPage: number
  /** Values in `variables`, nested ones included. */
  readonly variables: number
}

/** The limits of an `Execution` that is given no others. */
export const standard: Limits = {
  depth: 30,
  rootFields: 50,
  aliases: 200,
  fields: 4000,
  directives: 400,
  tokens: 20_000,
  cost: 500_000,
  assumedPage: 20,
  variables: 10_000
}

/** The fields of one selection, those of its inline fragments included. */
interface Selection {
  readonly fields: Array<{ readonly node: FieldNode; readonly rows: Rows | undefined; readonly inner: Selection | undefined }>
  readonly spreads: Array<string>
}

/** Counts the rows of a field's page, for these variables. */
type Rows = (variables: Readonly<Record<string, unknown>>) => number

/** A document that was weighed: what its operations cost depends on their variables. */
export interface Weight {
  /** Fields of the answer, as far as the document and the variables tell; never infinite, but possibly very large. */
  readonly cost: (operation: string | undefined, variables: Readonly<Record<string, unknown>>) => number
}

/** The rule that holds a document to the limits and weighs it. `weighed` is called for a document within them. Fragments may form cycles: another rule refuses those. */
export const rule =
  (limits: Limits, weighed: (weight: Weight) => void): ValidationRule =>
  (context) =>
    visitor(context, limits, weighed)

const visitor = (context: ValidationContext, limits: Limits, weighed: (weight: Weight) => void): ASTVisitor => {
  const operations = new Map<string | undefined, Selection>()
  const fragments = new Map<string, Selection>()
  const open: Array<Selection> = []
  const counts = { fields: 0, aliases: 0, directives: 0, values: 0 }
  const refuse = (message: string, node?: FieldNode) => {
    context.reportError(new GraphQLError(message, node === undefined ? {} : { nodes: [node] }))
    return BREAK
  }
  const begin = (): Selection => {
    const selection: Selection = { fields: [], spreads: [] }
    open.push(selection)
    return selection
  }
  const enterValue = () => (++counts.values > limits.depth ? tooDeep() : undefined)
  const leaveValue = () => void counts.values--
  const tooDeep = (node?: FieldNode) => refuse(`the document is nested too deeply: at most ${limits.depth} levels`, node)
  return {
    OperationDefinition: { enter: ({ name }) => void operations.set(name?.value, begin()), leave: () => void open.pop() },
    FragmentDefinition: { enter: ({ name }) => void fragments.set(name.value, begin()), leave: () => void open.pop() },
    Directive: () => (++counts.directives > limits.directives ? refuse(`the document has too many directives: at most ${limits.directives}`) : undefined),
    ListValue: { enter: enterValue, leave: leaveValue },
    ObjectValue: { enter: enterValue, leave: leaveValue },
    FragmentSpread: ({ name }) => void open.at(-1)?.spreads.push(name.value),
    Field: {
      enter: (node) => {
        if (++counts.fields > limits.fields) return refuse(`the document has too many fields: at most ${limits.fields}`, node)
        if (node.alias !== undefined && node.name.value !== "__typename" && ++counts.aliases > limits.aliases)
          return refuse(`the document has too many aliases: at most ${limits.aliases}`, node)
        if (open.length > limits.depth) return tooDeep(node)
        const rows = rowsOf(node, context.getFieldDef() ?? undefined, limits.assumedPage)
        const within = open.at(-1)
        within?.fields.push({ node, rows, inner: node.selectionSet === undefined ? undefined : begin() })
        return undefined
      },
      leave: ({ selectionSet }: { readonly selectionSet?: SelectionSetNode | undefined }) => {
        if (selectionSet !== undefined) open.pop()
      }
    },
    Document: {
      leave: () => {
        for (const selection of operations.values()) {
          if (depthOf(selection, fragments, limits.depth) > limits.depth) return void tooDeep()
          if (rootFieldsOf(selection, fragments) > limits.rootFields)
            return void refuse(`an operation has too many fields at its root: at most ${limits.rootFields}`)
        }
        weighed({
          cost: (operation, variables) => {
            const selection = operations.get(operation) ?? (operations.size === 1 ? [...operations.values()][0] : undefined)
            return selection === undefined ? 0 : costOf(selection, fragments, variables)
          }
        })
      }
    }
  }
}

/** A field is a page when it takes `first` or `last`. */
const rowsOf = (node: FieldNode, field: GraphQLField<unknown, unknown> | undefined, assumed: number): Rows | undefined => {
  const paging = field?.args.filter(({ name }) => name === "first" || name === "last") ?? []
  if (paging.length === 0) return undefined
  const given = (node.arguments ?? []).filter(({ name }) => name.value === "first" || name.value === "last")
  return (variables) => {
    const sizes = given.map(({ value }) => valueFromASTUntyped(value, variables)).filter((size) => typeof size === "number")
    return sizes.length === 0 ? assumed : Math.min(Math.max(1, ...sizes), Number.MAX_SAFE_INTEGER)
  }
}

/** Adds up a selection and its fragments; each fragment is looked at once, however often it is spread. A fragment within itself adds nothing. */
const folded = <A>(
  selection: Selection,
  fragments: ReadonlyMap<string, Selection>,
  none: A,
  add: (a: A, b: A) => A,
  ofField: (field: Selection["fields"][number], inner: A) => A
): A => {
  const known = new Map<string, A>()
  const ofSelection = (selection: Selection): A => {
    let sum = none
    for (const field of selection.fields) sum = add(sum, ofField(field, field.inner === undefined ? none : ofSelection(field.inner)))
    for (const name of selection.spreads) sum = add(sum, ofFragment(name))
    return sum
  }
  const ofFragment = (name: string): A => {
    const found = known.get(name)
    if (found !== undefined) return found
    const fragment = fragments.get(name)
    if (fragment === undefined) return none
    known.set(name, none)
    const value = ofSelection(fragment)
    known.set(name, value)
    return value
  }
  return ofSelection(selection)
}

const costOf = (selection: Selection, fragments: ReadonlyMap<string, Selection>, variables: Readonly<Record<string, unknown>>): number =>
  folded(
    selection,
    fragments,
    0,
    (a, b) => Math.min(a + b, Number.MAX_SAFE_INTEGER),
    ({ rows }, inner) => 1 + (rows?.(variables) ?? 1) * inner
  )

const depthOf = (selection: Selection, fragments: ReadonlyMap<string, Selection>, enough: number): number =>
  folded(selection, fragments, 0, Math.max, (_, inner) => Math.min(inner + 1, enough + 1))

const rootFieldsOf = (selection: Selection, fragments: ReadonlyMap<string, Selection>): number =>
  folded(
    { fields: selection.fields.map((field) => ({ ...field, inner: undefined })), spreads: selection.spreads },
    new Map([...fragments].map(([name, { fields, spreads }]) => [name, { fields: fields.map((field) => ({ ...field, inner: undefined })), spreads }])),
    0,
    (a, b) => a + b,
    () => 1
  )

/** True when `value` holds more than `most` values, nested ones included. Reads no more than that. */
export const holdsMoreThan = (value: unknown, most: number): boolean => {
  const open: Array<unknown> = [value]
  let count = 0
  while (open.length > 0) {
    const next = open.pop()
    if (++count > most) return true
    if (typeof next !== "object" || next === null) continue
    for (const inner of Object.values(next)) {
      open.push(inner)
      if (open.length > most) return true
    }
  }
  return false
}
