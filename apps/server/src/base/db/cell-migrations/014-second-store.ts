import { type Kysely, sql } from "kysely";

/**
 * Why: a cell may have two stores. Pending work must survive outages, so its row is written before the write is
 * acknowledged.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table cell.copies (
  -- a folder or s3://…, as it was configured
  store text primary key,
  since int8 not null,
  -- when the keys of both stores were compared last; null: what lies in this one is not known
  compared_at int8
);

create table cell.owed (
  store text not null,
  -- of the object
  key text not null,
  deed text not null check (deed in ('copy', 'delete')),
  size int8 not null,
  -- also tells one debt from the next of the same object
  since int8 not null,
  -- not before; later than since where it could not be done
  due_at int8 not null,
  primary key (store, key)
);
create index owed_due on cell.owed (due_at, store, key);
create index owed_key on cell.owed (key);
`,
    )
    .execute(db);
}
