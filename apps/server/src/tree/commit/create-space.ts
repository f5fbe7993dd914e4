import type { Clock, Random } from "@holdfast/core/clock";
import { bucketOf, makeId, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { ShardQueries, SpaceRow } from "../../base/db/shard-tables.ts";
import { nodeWeight } from "../weight/metadata-bytes.ts";
import { newRevision } from "./work.ts";
import { insertNodes } from "./write.ts";

export interface NewSpace {
  readonly ownerId: UserId;
  readonly spaceId?: SpaceId;
  /** null: no limit. */
  readonly quotaBytes: number | null;
  /** Set for this account only, instead of by its plans. */
  readonly quotaFixed?: boolean;
  readonly clock: Clock;
  readonly random: Random;
}

/** Runs in the transaction that creates the owner. */
export async function createSpace(transaction: ShardQueries, space: NewSpace): Promise<SpaceRow> {
  const { ownerId, clock, random } = space;
  const bucket = bucketOf(ownerId);
  const nowMicros = clock.nowMicros();
  const weight = nodeWeight({ name: "", target: null, metadata: null });
  const row: SpaceRow = {
    id: space.spaceId ?? makeId<SpaceId>(bucket, clock.nowMs(), random(8)),
    owner_id: ownerId,
    root_id: makeId<NodeId>(bucket, clock.nowMs(), random(8)),
    epoch: Buffer.from(random(8)).toString("hex"),
    seq: 0,
    used_bytes: 0,
    stored_bytes: 0,
    metadata_bytes: weight,
    quota_bytes: space.quotaBytes,
    watched_seq: null,
    quota_fixed: space.quotaFixed ?? false,
    quota_warned: 0,
    hooked: false,
    created_at: nowMicros,
  };
  await sql`
    insert into shard.spaces (id, owner_id, root_id, epoch, metadata_bytes, quota_bytes, quota_fixed, created_at)
    values (${row.id}, ${row.owner_id}, ${row.root_id}, ${row.epoch}, ${weight}, ${row.quota_bytes}, ${row.quota_fixed},
      ${nowMicros})`.execute(transaction);
  await insertNodes(transaction, [
    {
      space_id: row.id,
      id: row.root_id,
      parent_id: null,
      name: "",
      name_key: "",
      kind: "folder",
      target: null,
      head_version: null,
      version_number: null,
      content_id: null,
      size: 0,
      modified_at: nowMicros,
      executable: false,
      private: false,
      revision: newRevision({ random }),
      seq: 0,
      trashed_at: null,
      purged_at: null,
      metadata: null,
      weight,
      names_below: 0,
      bytes_below: 0,
      device_id: null,
      operation_id: null,
      created_at: nowMicros,
      updated_at: nowMicros,
      shared: false,
      editors_can_share: true,
      target_space: null,
    },
  ]);
  return row;
}
