import { type Kysely, sql } from "kysely";

/** Why: people whose account an issuer or identity system created do not know its password. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- false: what stands in password_hash was drawn by lot, and nobody knows of what
alter table shard.users add column has_password boolean not null default true;
-- An account that somebody elsewhere made is linked before it stands. Who has set a password since is asked for the other proof, too.
update shard.users u set has_password = false where exists (
  select from shard.outside_identities i where i.user_id = u.id and i.created_at <= u.created_at);
`,
    )
    .execute(db);
}
