import { type Kysely, sql } from "kysely";

/** Why: programs had to poll. A mark on the space keeps commits without webhooks free of cost. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.webhooks (
  user_id uuid not null,
  id uuid not null,
  url text not null,
  -- sealed with a key of the server's: it signs what is sent
  secret bytea not null,
  events text[] not null,
  -- the folder or file to which it is bound; null: the account's whole own space
  node_id uuid,
  space_id uuid not null,
  -- the entry of the space's journal up to which it was told, or has messages in the queue
  seq int8 not null,
  created_at int8 not null,
  primary key (user_id, id)
);
create index webhooks_space on shard.webhooks (space_id);

-- whether somebody may have a webhook for the space
alter table shard.spaces add column hooked boolean not null default false;

-- how much waits for one webhook
create index messages_webhook on shard.messages ((payload->>'webhookId')) where kind = 'webhook' and state <> 'dead';
`,
    )
    .execute(db);
}
