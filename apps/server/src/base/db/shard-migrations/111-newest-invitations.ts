import { type Kysely, sql } from "kysely";

/** Why: administrators list unused invitations, newest first. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index invitations_newest on shard.invitations (created_at desc, secret_hash) where kind = 'invite'`.execute(
    db,
  );
}
