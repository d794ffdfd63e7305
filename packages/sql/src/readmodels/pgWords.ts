import { roles, schema } from "../database/pgRoles.ts"
import { currentOwner } from "../database/pgSecurity.ts"

/** The name of the function that searches the words of a table of messages. */
export const wordsFunctionOf = (table: string): string => `${table}_words`

/**
 * The statements that make the function for searching words on PostgreSQL. The operator of the words' index may not look at a row before row-level security has, so under it the
 * index is of no use. The function runs as `han_words`, who alone may read all messages for this; it names the owner itself, from the setting that row-level security goes by, and
 * gives numbers and an order, with which the caller finds the rows under row-level security. Its statement is put together from the conditions that are asked for, so that each is
 * planned for itself: the condition on kinds that say something themselves is an OR with those on whose lines programs speak, too, and then asks for the words in `part`.
 */
export const wordsFunction = (table: string): ReadonlyArray<string> => {
  const name = wordsFunctionOf(table)
  const signature = "tsquery, tsquery, bigint, bigint, bigint[], bigint, bigint[], bigint[], text, bigint, bigint"
  return [
    `CREATE FUNCTION ${name} (query tsquery, part tsquery, from_id bigint, below_id bigint, sessions bigint[], of_thread bigint, kinds bigint[], mixed bigint[], sort text,
        max_rows bigint, skip_rows bigint) RETURNS TABLE (place bigint, id bigint, score real)
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ${schema}, pg_temp AS $words$
    DECLARE
      whose bigint := ${currentOwner};
      conditions text := 'm.owner_no = $1 AND m.words @@ $2';
      found_kinds text := 'm.kind = ANY($8)';
      ranking text := CASE WHEN sort = 'rank' THEN 'ts_rank(''{0.1, 0.1, 0.1, 0.1}'', m.words, $2)' ELSE 'NULL::real' END;
    BEGIN
      IF whose IS NULL THEN RETURN; END IF;
      IF from_id IS NOT NULL THEN conditions := conditions || ' AND m.id >= $4'; END IF;
      IF below_id IS NOT NULL THEN conditions := conditions || ' AND m.id < $5'; END IF;
      IF sessions IS NOT NULL THEN conditions := conditions || ' AND m.session_no = ANY($6)'; END IF;
      IF of_thread IS NOT NULL THEN conditions := conditions || ' AND m.thread = $7'; END IF;
      IF mixed IS NOT NULL THEN found_kinds := found_kinds || ' OR (m.kind = ANY($9) AND m.words @@ $3)'; END IF;
      IF kinds IS NOT NULL THEN conditions := conditions || ' AND (' || found_kinds || ')'; END IF;
      IF sort = 'count' THEN
        RETURN QUERY EXECUTE 'SELECT 0::bigint, COUNT(*), NULL::real FROM ${table} m WHERE ' || conditions
          USING whose, query, part, from_id, below_id, sessions, of_thread, kinds, mixed;
        RETURN;
      END IF;
      RETURN QUERY EXECUTE 'SELECT ROW_NUMBER() OVER (), y.id, y.score FROM (SELECT m.id, ' || ranking || ' AS score FROM ${table} m WHERE ' || conditions
          || CASE sort WHEN 'rank' THEN ' ORDER BY score DESC, m.id DESC' WHEN 'oldest' THEN ' ORDER BY m.id' ELSE ' ORDER BY m.id DESC' END
          || ' LIMIT $10 OFFSET $11) y'
        USING whose, query, part, from_id, below_id, sessions, of_thread, kinds, mixed, max_rows, skip_rows;
    END $words$`,
    `REVOKE ALL ON FUNCTION ${name} (${signature}) FROM PUBLIC`,
    `GRANT EXECUTE ON FUNCTION ${name} (${signature}) TO ${roles.app}`,
    `GRANT SELECT ON ${table} TO ${roles.words}`,
    `CREATE POLICY words_of_all ON ${table} FOR SELECT TO ${roles.words} USING (true)`,
    // Whose the function is decides as whom it runs; that role may make nothing in the schema at any other time.
    `GRANT CREATE ON SCHEMA ${schema} TO ${roles.words}`,
    `ALTER FUNCTION ${name} (${signature}) OWNER TO ${roles.words}`,
    `REVOKE CREATE ON SCHEMA ${schema} FROM ${roles.words}`
  ]
}
