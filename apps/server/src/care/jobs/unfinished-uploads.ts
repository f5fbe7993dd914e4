import type { SpaceId, UploadId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import type { UnfinishedUploadsJson } from "@holdfast/protocol/admin-routes";
import { sql } from "kysely";
import { expireStaged } from "../../tree/retention/retention.ts";
import { removeUpload } from "../../features/uploads/remove-uploads.ts";
import type { RetentionParts } from "./run-retention.ts";

/**
 * Uploads used within this time are in use. If bytes are missing, the commit says so and the client sends them again.
 */
const quietMs = 3600_000;
const listedMax = 1000;

type Ports = Pick<RetentionParts, "shards" | "clock" | "settings">;

/** Time of the last bytes, which extend an upload's lifetime. */
function usedAt({ settings }: Ports) {
  return sql<number>`greatest(created_at, expires_at - ${settings.sessionsMs * 1000}::int8)`;
}

/**
 * Resumable uploads and unreferenced blocks, by account. Indexes: upload_sessions_expiry, space_blocks_unreferenced.
 */
export async function listUnfinished(ports: Ports): Promise<UnfinishedUploadsJson[]> {
  const { shards, clock } = ports;
  const quietBefore = clock.nowMicros() - quietMs * 1000;
  const lists = await Promise.all(
    shards.all().map(({ db }) =>
      sql<Row>`
    with unfinished as (
      select space_id, 1 as uploads, 0 as blocks, durable as bytes, ${usedAt(ports)} as used_at
      from shard.upload_sessions where node_id is null and expires_at > ${clock.nowMicros()}
      union all
      select space_id, 0, 1, size, since from shard.space_blocks where refs = 0 and counted
    )
    select coalesce(owner.email, space.owner_id::text) as account, sum(uploads)::int8 as uploads,
      sum(blocks)::int8 as blocks, sum(bytes)::int8 as bytes, max(used_at) as used_at,
      used_at >= ${quietBefore} as in_use
    from unfinished join shard.spaces as space on space.id = unfinished.space_id
      left join shard.users as owner on owner.id = space.owner_id
    group by space.id, owner.email, in_use order by bytes desc limit ${listedMax}`.execute(db),
    ),
  );
  return lists
    .flatMap(({ rows }) => rows)
    .toSorted((one, other) => other.bytes - one.bytes)
    .slice(0, listedMax)
    .map(({ account, uploads, blocks, bytes, used_at: at, in_use }) => {
      return { account, uploads, blocks, bytes, last_used_at: formatTime(at), in_use };
    });
}

interface Row extends Omit<UnfinishedUploadsJson, "last_used_at"> {
  readonly used_at: number;
}

/**
 * Ends the uploads that `listUnfinished` reports as not in use. They stop counting as stored, and their blocks are
 * removed after the usual time.
 */
export async function removeUnfinished(ports: Ports, signal: AbortSignal): Promise<void> {
  const { shards, clock } = ports;
  const nowMicros = clock.nowMicros();
  for (const { db } of shards.all()) {
    const { rows } = await sql<{ space_id: SpaceId; id: UploadId }>`
      select space_id, id from shard.upload_sessions
      where node_id is null and expires_at > 0 and ${usedAt(ports)} < ${nowMicros - quietMs * 1000}`.execute(db);
    for (const { space_id: spaceId, id } of rows) {
      signal.throwIfAborted();
      await removeUpload({ shards, clock }, spaceId, id);
    }
    await expireStaged({ db, nowMicros, signal }, quietMs);
  }
}
