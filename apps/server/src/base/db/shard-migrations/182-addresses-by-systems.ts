import { type Kysely, sql } from "kysely";

/**
 * Why: a stolen token must not become an address. An account that it invites confirms its address by mail, and after an identity system gave an
 * account another address, no password is mailed there before its person has shown to know it. A reset also has to tell an account that was
 * never confirmed, which a stranger may have made, from one that only got another address.
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
