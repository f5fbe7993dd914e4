import type pg from "pg";

export interface TableShape {
  /** With schema, quoted if needed. */
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly generated: boolean }[];
  /** On disk without indexes. */
  readonly bytes: number;
}

export interface ClusterShape {
  readonly tables: readonly TableShape[];
  /** `last` is null for an unused sequence. */
  readonly sequences: readonly { readonly name: string; readonly last: string | null }[];
}

const ours = "n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'";

/** Excludes PostgreSQL's own objects and those of extensions. */
export async function readShape(client: pg.Client): Promise<ClusterShape> {
  const tables = await client.query<TableShape>(`
    select format('%I.%I', n.nspname, c.relname) as name,
      coalesce(json_agg(json_build_object('name', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod),
        'generated', a.attgenerated <> '') order by a.attnum) filter (where a.attname is not null), '[]') as columns,
      pg_table_size(c.oid)::float8 as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p', 'm') and ${ours}
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    group by 1, c.oid order by 1`);
  const sequences = await client.query<ClusterShape["sequences"][number]>(`
    select format('%I.%I', n.nspname, c.relname) as name, pg_sequence_last_value(c.oid)::text as last
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'S' and ${ours} order by 1`);
  return { tables: tables.rows, sequences: sequences.rows };
}
