import { makeId, type ZipListId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { AccountStore } from "../accounts/context/account-world.ts";
import type { Caller } from "../accounts/context/caller.ts";

type ZipLists = Pick<AccountStore, "shards" | "clock" | "random">;

/** Stores the ids of a zip until its address expires. The sweep of expired credentials removes the list. */
export async function storeZipList(
  { shards, clock, random }: ZipLists,
  { bucket, spaceId, userId, credential }: Pick<Caller, "bucket" | "spaceId" | "userId" | "credential">,
  ids: readonly string[],
  expiresAtMs: number,
): Promise<ZipListId> {
  // Visitors of a link must not displace the owner's lists.
  const callerId = credential.kind === "link" ? credential.id : userId;
  const id = makeId<ZipListId>(bucket, clock.nowMs(), random(8));
  // Indexes: primary key, zip_lists_space_id_caller_id_expires_at_idx.
  await sql`
    with old as (
      delete from shard.zip_lists where id in (
        select id from shard.zip_lists where space_id = ${spaceId} and caller_id = ${callerId}
        order by expires_at desc offset ${limits.zipListsMax - 1})
    )
    insert into shard.zip_lists (id, space_id, caller_id, node_ids, expires_at)
    values (${id}, ${spaceId}, ${callerId}, ${uuidArray(ids)}, ${expiresAtMs * 1000})`.execute(shards.of(bucket).db);
  return id;
}

/** @returns ids in the stored order; none if the list has expired */
export async function readZipList({ shards, clock }: ZipLists, id: ZipListId): Promise<string[]> {
  // Index: primary key.
  const { rows } = await sql<{ id: string }>`
    select entry.id from shard.zip_lists l, unnest(l.node_ids) with ordinality as entry (id, place)
    where l.id = ${id} and l.expires_at > ${clock.nowMicros()}
    order by entry.place`.execute(shards.ofId(id).db);
  return rows.map((row) => row.id);
}
