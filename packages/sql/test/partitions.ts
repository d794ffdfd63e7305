import pg from "pg"

/** The partitions of each table of owners. */
const modulus = 8

/**
 * From now on, whatever makes a table with owners in this database makes it with partitions by owner: when the table is there, another one like it takes its place. All that
 * follows, indexes, policies, rights and functions, is said of the partitioned table, in the same words.
 */
const partitioning = `
  CREATE FUNCTION public.partition_by_owner() RETURNS event_trigger LANGUAGE plpgsql AS $$
  DECLARE made name;
  BEGIN
    FOR made IN
      SELECT c.relname FROM pg_event_trigger_ddl_commands() d JOIN pg_class c ON c.oid = d.objid
      WHERE d.classid = 'pg_class'::regclass AND c.relkind = 'r' AND NOT c.relispartition
        AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'owner_no' AND a.attnum = 1)
    LOOP
      EXECUTE format('ALTER TABLE %I RENAME TO %I', made, made || '_whole');
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) PARTITION BY HASH (owner_no)', made, made || '_whole');
      FOR n IN 0..${modulus - 1} LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS ${modulus}, REMAINDER %s)', made || '_part' || n, made, n);
      END LOOP;
      EXECUTE format('DROP TABLE %I', made || '_whole');
    END LOOP;
  END $$;
  CREATE EVENT TRIGGER partition_by_owner ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.partition_by_owner()`

export const partitionFromNowOn = (url: string): Promise<void> => asked(url, async (client) => void (await client.query(partitioning)))

/** Asks as the one who sees everything. */
export const asked = async <A>(url: string, ask: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}

/** The tables with owners, each of which has partitions. */
export const partitioned = (url: string): Promise<ReadonlySet<string>> =>
  asked(url, async (client) => {
    const { rows } = await client.query<{ name: string }>("SELECT relname AS name FROM pg_class WHERE relkind = 'p'")
    return new Set(rows.map(({ name }) => name))
  })

interface Plan {
  readonly "Relation Name"?: string
  readonly Plans?: ReadonlyArray<Plan>
}

/** The partitions that a statement of the first owner touches by its conditions alone: whoever asks here sees all rows, so that no policy chooses among them. */
export const partitionsTouched = async (client: pg.Client, statement: string): Promise<ReadonlyArray<string>> => {
  // A plan for any owner has to keep all partitions.
  const text = statement.replace(/\bowner_no = \$\d+/g, "owner_no = 1")
  const explain = (words: string) => client.query<{ "QUERY PLAN": ReadonlyArray<{ readonly Plan: Plan }> }>(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${words}`)
  // A number that a statement has written out is told as a parameter, of which nothing says that it is a number.
  const { rows } = await explain(text).catch(() => explain(text.replace(/\b(THEN|ELSE) \$\d+/g, "$1 1")))
  return [...new Set(relationsOf(rows[0]!["QUERY PLAN"][0]!.Plan))].filter((name) => partOf.test(name)).sort()
}
const partOf = /_part\d+$/

/** Whether a statement touches one partition at most of each table, and the same one of all. */
export const isOfOne = (touched: ReadonlyArray<string>): boolean =>
  new Set(touched.map((name) => partOf.exec(name)?.[0])).size <= 1 && new Set(touched.map((name) => name.replace(partOf, ""))).size === touched.length

const relationsOf = ({ Plans = [], "Relation Name": name }: Plan): ReadonlyArray<string> => [
  ...(name === undefined ? [] : [name]),
  ...Plans.flatMap(relationsOf)
]
