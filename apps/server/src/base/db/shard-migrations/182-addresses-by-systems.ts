import { type Kysely, sql } from "kysely";

/**
 * Why: a stolen token must not become an address, so an account that it invites confirms its address by mail. After an
 * identity system changed an account's address, no password is mailed there before its person has proven to know it. A
 * reset distinguishes an account that was never confirmed, which a stranger may have made, from one that only got
 * another address.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
alter table shard.invitations add column confirms boolean not null default true;
alter table shard.users add column readdressed_at int8;
alter table shard.users add column was_confirmed boolean not null default false;
`,
    )
    .execute(db);
}
