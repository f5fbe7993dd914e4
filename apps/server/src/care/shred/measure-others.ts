import type { SpaceId, UserId } from "@holdfast/core/ids";
import type { ShreddingJson } from "@holdfast/protocol/shred-routes";
import { type RawBuilder, sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { GrantRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { namesOf, type Person } from "../../features/sharing/people.ts";

type Others = NonNullable<ShreddingJson["others"]>;

type Receiver = Others["receivers"][number];

interface Account {
  readonly id: UserId;
  readonly space_id: SpaceId;
}

const receiversMax = 20;

/** Counts what others wrote, lose and keep. */
export async function measureOthers(shards: Shards, account: Account, nowMicros: number): Promise<Others> {
  const counted = await inTransaction(shards.ofId(account.space_id).db, async (transaction) => {
    // Forces index scans, even if the space holds most rows.
    await sql`select set_config('enable_seqscan', 'off', true)`.execute(transaction);
    const given = await findGiven(transaction, account, nowMicros);
    const { rows: memberships } = await sql<{ group_id: string }>`
      select group_id from shard.memberships where user_id = ${account.id} and role is not null`.execute(transaction);
    return {
      written: await countWritten(transaction, account),
      lost: await countLost(transaction, account, nowMicros),
      receivers: given.slice(0, receiversMax),
      receiverCount: given.length,
      grantees: [account.id, ...memberships.map(({ group_id: id }) => id)],
    };
  });
  const { written, lost, receivers, receiverCount, grantees } = counted;
  const names = await namesOf(shards, receivers);
  return {
    written,
    lost,
    receivers: receivers.map((grant) => receiverOf(grant, names.get(grant.grantee_id ?? ""))),
    receiver_count: receiverCount,
    stays: await countStaying(shards, account, grantees),
  };
}

function receiverOf({ kind, email: address, name: label }: GrantRow, person: Person | undefined): Receiver {
  const [name, email] = [person?.name ?? label, person?.email ?? address];
  return { kind, ...(name === null ? {} : { name }), ...(email === null ? {} : { email }) };
}

/** Excludes grants of app passwords, which give others no access. Index: primary key. */
export function isGiven(spaceId: SpaceId, nowMicros: number): RawBuilder<unknown> {
  return sql`space_id = ${spaceId} and (expires_at is null or expires_at > ${nowMicros}::int8) and disabled_at is null
    and not (kind = 'link' and secret_hash is null)`;
}

/** One grant for each account, group, address and link, oldest first. */
async function findGiven(reader: ShardQueries, { space_id: spaceId }: Account, nowMicros: number): Promise<GrantRow[]> {
  const { rows } = await sql<GrantRow>`
    select * from (
      select distinct on (kind, coalesce(grantee_id::text, email_key)) * from shard.grants where ${isGiven(spaceId, nowMicros)}
      order by kind, coalesce(grantee_id::text, email_key), created_at, id
    ) given order by created_at, id`.execute(reader);
  return rows;
}

async function countWritten(reader: ShardQueries, { id, space_id: spaceId }: Account): Promise<Others["written"]> {
  const { rows } = await sql<Others["written"]>`
    select count(*) as files, coalesce(sum(v.size), 0)::int8 as bytes, count(distinct v.created_by) as people
    from shard.nodes n join shard.versions v on v.space_id = n.space_id and v.id = n.head_version
    where n.space_id = ${spaceId} and n.kind = 'file' and n.purged_at is null and v.created_by <> ${id}`.execute(
    reader,
  );
  return rows[0] ?? { files: 0, bytes: 0, people: 0 };
}

/** Shared nodes and their subtrees, each counted once. Index: nodes_parent. */
async function countLost(
  reader: ShardQueries,
  { space_id: spaceId }: Account,
  nowMicros: number,
): Promise<Others["lost"]> {
  const { rows } = await sql<Others["lost"]>`
    with recursive lost as (
      select n.id, n.kind, n.size from shard.nodes n
      where n.space_id = ${spaceId} and n.trashed_at is null and n.purged_at is null
        and n.id in (select node_id from shard.grants where ${isGiven(spaceId, nowMicros)})
      union
      select n.id, n.kind, n.size from lost join shard.nodes n on n.space_id = ${spaceId} and n.parent_id = lost.id
      where n.trashed_at is null and n.purged_at is null
    ) select count(*) filter (where kind = 'file') as files, count(*) filter (where kind = 'folder') as folders,
        coalesce(sum(size) filter (where kind = 'file'), 0)::int8 as bytes from lost`.execute(reader);
  return rows[0] ?? { files: 0, folders: 0, bytes: 0 };
}

/** Reads only spaces with shares for the account. Indexes: grants_grantee, nodes_parent, the key of versions. */
async function countStaying(shards: Shards, account: Account, grantees: readonly string[]): Promise<Others["stays"]> {
  const sum = { files: 0, bytes: 0 };
  for (const { db } of shards.all()) {
    const { rows } = await sql<Others["stays"]>`
      with places as (
        select distinct space_id from shard.grants
        where grantee_id = any(${uuidArray(grantees)}) and space_id <> ${account.space_id}
      ) select count(*) as files, coalesce(sum(v.size), 0)::int8 as bytes
      from places p join shard.nodes n on n.space_id = p.space_id and n.kind = 'file' and n.purged_at is null
      join shard.versions v on v.space_id = n.space_id and v.id = n.head_version
      where v.created_by = ${account.id}`.execute(db);
    sum.files += rows[0]?.files ?? 0;
    sum.bytes += rows[0]?.bytes ?? 0;
  }
  return sum;
}
