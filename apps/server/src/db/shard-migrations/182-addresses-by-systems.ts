import { type Kysely, sql } from "kysely";

/**
 * Why: a stolen token must not become an address. An account that it invites confirms its address by mail, and after an identity system gave
 * an account another address, no password is mailed there before its person has signed in.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
alter table shard.invitations add column confirms boolean not null default true;
alter table shard.users add column readdressed_at int8;
`,
    )
    .execute(db);
}
