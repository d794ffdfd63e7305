import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedOutputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  parse,
  visit
} from "graphql"

/** Questions that are made from a schema: one for every root field, with every argument that could name something. */

/** A question that names things: one alias for each. */
export interface Probe {
  readonly name: string
  readonly document: string
  /** Its variables, when these are the names. */
  readonly variables: (ids: ReadonlyArray<string>) => Readonly<Record<string, unknown>>
}

/** How often pages are that have one. */
const page = 3
/** Arguments that name nothing that somebody has: times, places in a list that whoever asks makes up, versions. */
const nameless = new Set(["after", "before", "clientVersion", "endDate", "since", "startDate", "timeZone", "until"])

const namesSomething = ({ name, type }: { readonly name: string; readonly type: GraphQLInputType }): boolean =>
  ["ID", "String"].includes(getNamedType(type).name) && !nameless.has(name)

/** A value that the argument takes. */
const anyValue = (type: GraphQLInputType): string => {
  if (isNonNullType(type)) return anyValue(type.ofType)
  if (isListType(type)) return `[${anyValue(type.ofType)}]`
  if (isEnumType(type)) return type.getValues()[0]?.name ?? ""
  return { Int: String(page), Float: "1", Boolean: "true" }[getNamedType(type).name] ?? '"the"'
}

/** What a field is asked with beside the names: what it must have, and small pages. */
const plainArguments = (args: ReadonlyArray<GraphQLArgument>, but: string | null): ReadonlyArray<string> =>
  args.flatMap((argument) =>
    argument.name !== but && (isRequiredArgument(argument) || argument.name === "first") ? [`${argument.name}: ${anyValue(argument.type)}`] : []
  )

const called = (name: string, args: ReadonlyArray<string>) => (args.length === 0 ? name : `${name}(${args.join(", ")})`)

/** Where a selection is: the levels that are left, the types around it, and the shapes of the names in it. */
interface Place {
  readonly levels: number
  readonly around: ReadonlySet<string>
  readonly shapes: Map<string, string>
}

/**
 * Everything that there is to read of a type, so many levels deep; of a type within itself, and of one of many types within another, the plain fields alone. Names that mean other things
 * in other types of the same place are told apart by aliases.
 */
const selection = (schema: GraphQLSchema, type: GraphQLNamedOutputType, levels: number, around: ReadonlySet<string> = new Set()): string => {
  const place = {
    levels: around.has(type.name) || (isAbstractType(type) && around.size > 1) ? 0 : levels,
    around: new Set([...around, type.name]),
    shapes: new Map()
  }
  if (isAbstractType(type)) {
    const parts = schema.getPossibleTypes(type).map((possible) => `... on ${possible.name} { ${fieldsOf(schema, possible, place)} }`)
    return `{ __typename ${parts.join(" ")} }`
  }
  return isObjectType(type) ? `{ ${fieldsOf(schema, type, place)} }` : ""
}

const fieldsOf = (schema: GraphQLSchema, type: GraphQLObjectType, { around, levels, shapes }: Place): string => {
  const parts = Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type)
    if (!isLeafType(named) && levels === 0) return []
    const shape = String(field.type)
    const isOther = shapes.has(field.name) && (shapes.get(field.name) !== shape || !isLeafType(named))
    if (!isOther) shapes.set(field.name, shape)
    const name = isOther ? `${type.name}_${field.name}: ${field.name}` : field.name
    return [`${called(name, plainArguments(field.args, null))} ${isLeafType(named) ? "" : selection(schema, named, levels - 1, around)}`]
  })
  return ["__typename", ...parts].join(" ")
}

/** Fields, and aliases, of a document at most; what the server takes is a little more. */
const most = { fields: 3900, aliases: 150 }

const fits = (fragment: string): boolean => {
  let [fields, aliases] = [0, 0]
  visit(parse(fragment), {
    Field: ({ alias }) => {
      fields++
      if (alias !== undefined) aliases++
    }
  })
  return fields <= most.fields && aliases <= most.aliases
}

/** A fragment of everything, as deep as a document may be, and how to spread it. */
const everythingOf = (schema: GraphQLSchema, { type }: GraphQLField<unknown, unknown>) => {
  const named = getNamedType(type)
  if (isLeafType(named)) return { spread: "", fragment: "" }
  const fragments = [5, 4, 3, 2, 1].map((levels) => `fragment Everything on ${named.name} ${selection(schema, named, levels)}`)
  return { spread: "{ ...Everything }", fragment: fragments.find(fits) ?? "" }
}

/** The question of a root field without a name in it. */
export const plainProbe = (schema: GraphQLSchema, field: GraphQLField<unknown, unknown>): Probe => {
  const { fragment, spread } = everythingOf(schema, field)
  return { name: field.name, document: `query { ${called(field.name, plainArguments(field.args, null))} ${spread} } ${fragment}`, variables: () => ({}) }
}

/** The questions of a root field with names: one for each argument that takes any, in filters, too. `wrap` puts a field inside another one. */
export const namingProbes = (
  schema: GraphQLSchema,
  field: GraphQLField<unknown, unknown>,
  count: number,
  {
    kind = "query",
    label = field.name,
    wrap = (text) => text
  }: { readonly kind?: string; readonly label?: string; readonly wrap?: (text: string) => string } = {}
): ReadonlyArray<Probe> => {
  const { fragment, spread } = everythingOf(schema, field)
  return field.args.flatMap((argument): ReadonlyArray<Probe> => {
    const named = getNamedType(argument.type)
    const others = plainArguments(field.args, argument.name)
    if (isInputObjectType(named) && argument.name === "filter") {
      const conditions = Object.values(named.getFields()).filter(({ type }) => getNamedType(type).name === "StringFilter")
      const aliases = conditions.map(
        (condition, index) => `a${index}: ${called(field.name, [...others, `${argument.name}: { ${condition.name}: { _in: $ids } }`])} ${spread}`
      )
      return [
        { name: `${label}(${argument.name})`, document: `${kind} ($ids: [String!]) { ${wrap(aliases.join(" "))} } ${fragment}`, variables: (ids) => ({ ids }) }
      ]
    }
    if (!namesSomething(argument)) return []
    const isList = isListType(isNonNullType(argument.type) ? argument.type.ofType : argument.type)
    // Numbers are dear, and asked for by few kinds of names: those that stand first.
    const indices = Array.from({ length: /^(projectIds?|repoId|author|project)$/.test(argument.name) ? Math.min(count, 3) : count }, (_, index) => index)
    const declared = indices.map((index) => `$i${index}: ${named.name}!`).join(" ")
    const aliases = indices.map(
      (index) => `a${index}: ${called(field.name, [...others, `${argument.name}: ${isList ? `[$i${index}]` : `$i${index}`}`])} ${spread}`
    )
    return [
      {
        name: `${label}(${argument.name})`,
        document: `${kind} (${declared}) { ${wrap(aliases.join(" "))} } ${fragment}`,
        variables: (ids) => Object.fromEntries(ids.slice(0, indices.length).map((id, index) => [`i${index}`, id]))
      }
    ]
  })
}

/** Fields inside of types that take names: those of a session are reached by one that whoever asks may see. Fails for a type that nobody knows a way to. */
export const innerProbes = (schema: GraphQLSchema, count: number, ownSession: string): ReadonlyArray<Probe> => {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (!isObjectType(type) || roots.includes(type) || type.name.startsWith("__")) return []
    const wrap = { Session: (text: string) => `session(id: ${JSON.stringify(ownSession)}) { ${text} }`, MemoryQuery: (text: string) => `memory { ${text} }` }[
      type.name
    ]
    return Object.values(type.getFields()).flatMap((field) => {
      const takes = field.args.some((argument) => namesSomething(argument) || argument.name === "filter")
      if (!takes) return []
      if (wrap === undefined) throw new Error(`${type.name}.${field.name} takes a name; say how a question gets there`)
      return namingProbes(schema, field, count, { label: `${type.name}.${field.name}`, wrap })
    })
  })
}

/** A name of the same form that nobody has: other letters and digits, everything else as it is. */
export const strangerOf = (id: string): string => {
  const [, prefix = "", rest = ""] = /^([A-Z]\w*:)?(.*)$/s.exec(id) ?? []
  const other = (letter: string) =>
    /[0-9]/.test(letter)
      ? String((Number(letter) + 7) % 10)
      : /[a-f]/.test(letter)
        ? "abcdef".charAt(("abcdef".indexOf(letter) + 3) % 6)
        : /[g-z]/.test(letter)
          ? "q"
          : /[A-Z]/.test(letter)
            ? "Q"
            : letter
  return prefix + [...rest].map(other).join("")
}

interface Answer {
  readonly data?: unknown
  readonly errors?: ReadonlyArray<{ readonly message: string; readonly path?: ReadonlyArray<unknown>; readonly extensions?: unknown }>
}

/**
 * An answer without what does not depend on what is stored: its errors come in the order of their places, not of the clock. Where one error took the whole answer, which of several it was is
 * the clock's choice, too.
 */
export const settled = (text: string): string => {
  const { data, errors = [] }: Answer = JSON.parse(text)
  const whole = data === undefined || data === null
  const placed = errors.map((error) => JSON.stringify(whole ? [error.message.replaceAll(/<\d+>/g, "<>"), error.extensions] : [error.path, error]))
  return JSON.stringify({ data, errors: whole ? [...new Set(placed)] : placed.toSorted() })
}

/** An answer with what was asked in it taken out. */
export const withoutNames = (answer: string, ids: ReadonlyArray<string>): string =>
  settled(
    [...new Set(ids)]
      .map((id, index) => [JSON.stringify(id).slice(1, -1), index] as const)
      .sort(([a], [b]) => b.length - a.length)
      .reduce((text, [id, index]) => text.replaceAll(id, `<${index}>`), answer)
  )
