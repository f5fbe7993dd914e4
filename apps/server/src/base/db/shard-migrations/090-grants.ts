import { type Kysely, sql } from "kysely";

/** Why: a grant gives somebody else a role at a node and everything below it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.grants (
  space_id uuid not null,
  id uuid not null,
  node_id uuid not null,
  kind text not null check (kind in ('user', 'group', 'pending', 'link')),
  -- an account, a group, or the link itself: the id of this row; null while nobody has the address
  grantee_id uuid check ((grantee_id is null) = (kind = 'pending')),
  -- of a pending one: as it was written, and as it is compared
  email text,
  email_key text,
  role text not null check (role in ('viewer', 'commenter', 'editor', 'uploader')),
  -- the grant by which its maker may share; null: the owner made it. It ends with that one
  via uuid,
  created_by uuid not null,
  created_at int8 not null,
  expires_at int8,
  -- of a link
  name text,
  secret_hash bytea,
  password_hash text,
  max_downloads int8,
  downloads int8 not null default 0,
  disabled_at int8,
  primary key (space_id, id)
);
create unique index grants_id on shard.grants (id);
create unique index grants_grantee_once on shard.grants (space_id, node_id, grantee_id);
create unique index grants_pending_once on shard.grants (space_id, node_id, email_key) where kind = 'pending';
-- every check of a right: what somebody was granted, wherever it is
create index grants_grantee on shard.grants (grantee_id, space_id);
create index grants_email on shard.grants (email_key) where kind = 'pending';
create index grants_via on shard.grants (space_id, via) where via is not null;
create index grants_maker on shard.grants (created_by, id);
create index grants_expiry on shard.grants (expires_at) where expires_at is not null;

-- on the shard of an account or group: where to look for what it was granted. Only a pointer: the grant decides
create table shard.received (
  grantee_id uuid not null,
  grant_id uuid not null,
  space_id uuid not null,
  node_id uuid not null,
  primary key (grantee_id, grant_id)
);

-- whether what is shared with the account is mounted in its root by itself
alter table shard.users add column auto_mount boolean not null default false;

-- whether any grant stands at the node itself
alter table shard.nodes add column shared boolean not null default false;
-- whether editors may share it and what is below it
alter table shard.nodes add column editors_can_share boolean not null default true;
-- of a mount: the space of its target
alter table shard.nodes add column target_space uuid;
create index nodes_mounts on shard.nodes (space_id) where kind = 'mount';
-- whose right an entry is about: what changed is only this one's role
alter table shard.journal add column grantee_id uuid;
-- uploads into a folder of another space are found by their id alone
create index upload_sessions_id on shard.upload_sessions (id);
`,
    )
    .execute(db);
}
