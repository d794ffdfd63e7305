/** Statements as a database tells them, read as text: which tables a statement names, and whether it says whose rows it means. */

/** The same text for statements that differ only in their spaces, in the number of rows that they insert, and in the revision of the tables (`session_3`) that they name. */
export const normalised = (statement: string, tables: ReadonlySet<string>): string =>
  statement
    .replace(/\s+/g, " ")
    .trim()
    .replace(/(VALUES ?\([^()]*\))(?:, ?\([^()]*\))+/g, "$1")
    .replace(/\b(\w+?)_\d+(?=\b|_words\b)/g, (name, model) => (tables.has(`${model}_1`) ? `${model}_1` : name))

/** The tables of owners that a statement names. */
export const tablesIn = (statement: string, tables: ReadonlySet<string>): ReadonlyArray<string> =>
  [...new Set(statement.match(/\b\w+\b/g))].filter((word) => tables.has(word) && named(word).test(statement))
const named = (table: string) => new RegExp(`(?:\\b(?:FROM|JOIN|UPDATE|INTO|USING)|,) (?:ONLY )?"?${table}"?(?![\\w.])`, "i")

/**
 * The tables of owners that a statement names without saying whose rows it means. An owner's number is said in the condition (`x.owner_no = $1`), or is that of another table
 * of which it is said (`y.owner_no = x.owner_no`); of rows that are inserted it is one of the columns.
 */
export const ownerless = (statement: string, tables: ReadonlySet<string>): ReadonlyArray<string> => {
  const queries = queriesOf(statement)
  const mentions = queries.flatMap((query) => mentionsIn(query, tables).map((mention) => ({ ...mention, query })))
  const said = new Set<string>()
  const equal: Array<readonly [string, string]> = []
  for (const query of queries) {
    for (const [, alias = onlyAlias(query)] of query.matchAll(/(?:\b(\w+)"?\.|(?<![.\w]))owner_no = \$\d/g)) said.add(alias)
    for (const [, one = "", other = ""] of query.matchAll(/\b(\w+)"?\.owner_no = "?(\w+)"?\.owner_no\b/g)) equal.push([one, other])
  }
  for (let before = -1; before !== said.size; ) {
    before = said.size
    for (const pair of equal) if (pair.some((alias) => said.has(alias))) for (const alias of pair) said.add(alias)
  }
  return mentions
    .filter(({ alias, inserted, query, table }) =>
      inserted ? !new RegExp(`INTO "?${table}"? \\([^()]*\\bowner_no\\b`).test(query) : !said.has(alias) || !saysIn(query, alias)
    )
    .map(({ table }) => table)
}

interface Mention {
  readonly table: string
  readonly alias: string
  readonly inserted: boolean
}

/** Words that may stand behind a table, and are no other name of it. */
const keyword = "AS|WHERE|SET|ON|JOIN|LEFT|RIGHT|FULL|INNER|CROSS|NATURAL|ORDER|GROUP|HAVING|LIMIT|OFFSET|USING|FOR|VALUES|SELECT|DEFAULT|RETURNING|WINDOW"
const mention = new RegExp(`(?:\\b(FROM|JOIN|UPDATE|INTO|USING)|,) (?:ONLY )?"?(\\w+)"?(?![\\w.])(?: (?:AS )?(?!(?:${keyword})\\b)(\\w+))?`, "gi")

const mentionsIn = (query: string, tables: ReadonlySet<string>): ReadonlyArray<Mention> =>
  [...query.matchAll(mention)].flatMap(([, word, table = "", alias = table]) =>
    tables.has(table) ? [{ table, alias, inserted: word?.toUpperCase() === "INTO" }] : []
  )

/** The name by which a query knows its first table: what a column without a name before it is of. */
const onlyAlias = (query: string): string => {
  const [, , table = "", alias = table] =
    /(\b(?:FROM|UPDATE|INTO)) (?:ONLY )?"?(\w+)"?(?: (?:AS )?(?!(?:WHERE|SET|USING|ORDER|ON|FOR|LIMIT)\b)(\w+))?/i.exec(query) ?? []
  return alias
}

const saysIn = (query: string, alias: string): boolean =>
  new RegExp(`\\b${alias}"?\\.owner_no =|= "?${alias}"?\\.owner_no\\b`).test(query) || (onlyAlias(query) === alias && /(?<![.\w])owner_no = \$\d/.test(query))

/** The queries of a statement, each without those within it. */
const queriesOf = (statement: string): ReadonlyArray<string> => {
  const queries: Array<string> = []
  let rest = statement.replace(/'(?:[^']|'')*'/g, "''")
  for (let inner = innermost.exec(rest); inner !== null; inner = innermost.exec(rest)) {
    const [whole, text = ""] = inner
    const isQuery = /^\s*(?:SELECT|WITH|UPDATE|DELETE|INSERT)\b/i.test(text)
    if (isQuery) queries.push(...text.split(union))
    // What is no query stays in the one around it, in other brackets.
    rest = `${rest.slice(0, inner.index)}${isQuery ? "⟨⟩" : `⟨${text}⟩`}${rest.slice(inner.index + whole.length)}`
  }
  return [...queries, ...rest.split(union)].map((query) => query.replaceAll("⟨", "(").replaceAll("⟩", ")"))
}
const innermost = /\(([^()]*)\)/
const union = /\b(?:UNION(?: ALL)?|EXCEPT|INTERSECT)\b/i
