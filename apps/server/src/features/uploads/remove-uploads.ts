import type { HashHex, SpaceId, UploadId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import type { Clock } from "@holdfast/core/clock";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { type Release, releaseUploadBlocks } from "../../tree/commit/finish-uploads.ts";
import { lockSpace } from "../../tree/commit/load.ts";
import { changeMetadataBytes, rowWeight } from "../../tree/weight/metadata-bytes.ts";
import { type PieceSizes, pieceSizes } from "../../tree/commit/piece-sizes.ts";
import { changeBlockRefs } from "../../tree/content/references.ts";
import { changeStoredBytes } from "../../tree/weight/stored-bytes.ts";

type Db = Kysely<ShardTables>;

interface RemovalPorts {
  readonly shards: Shards;
  readonly clock: Clock;
  /** Default: `pieceSizes`. */
  readonly pieces?: PieceSizes;
}

/**
 * One statement ends the upload for everybody, including a request that appends; only then are its rows deleted in
 * pieces, so that nobody can commit half of it.
 */
export async function removeUpload(ports: RemovalPorts, spaceId: SpaceId, id: UploadId): Promise<void> {
  const { shards, clock, pieces = pieceSizes } = ports;
  const { db } = shards.ofId(spaceId);
  await sql`update shard.upload_sessions set expires_at = 0, generation = generation + 1, operation_id = null
    where space_id = ${spaceId} and id = ${id}`.execute(db);
  await removeEnded(db, spaceId, [id], { nowMicros: clock.nowMicros(), pieces });
}

/**
 * Releases the rest after the commit of a very long upload. After an interruption, the session's expiry releases it.
 */
export async function giveBackRest(ports: RemovalPorts, spaceId: SpaceId, id: UploadId): Promise<void> {
  const { shards, clock, pieces = pieceSizes } = ports;
  const { db } = shards.ofId(spaceId);
  const left = async () => {
    const { rows } = await sql`select from shard.upload_blocks where space_id = ${spaceId} and session_id = ${id}
      limit 1`.execute(db);
    return rows.length > 0;
  };
  while (await left()) {
    await inTransaction(db, async (transaction) => {
      await lockSpace(transaction, spaceId);
      await releaseUploadBlocks(transaction, spaceId, id, { nowMicros: clock.nowMicros(), pieces });
    });
  }
}

/** Removes expired uploads, hundreds at a time, and releases their blocks. @returns number of removed uploads */
export async function expireUploads(ports: RemovalPorts, signal?: AbortSignal): Promise<number> {
  const { shards, clock, pieces = pieceSizes } = ports;
  let removed = 0;
  for (const { db } of shards.all()) {
    for (let ended = await endExpired(db, clock.nowMicros(), pieces.uploadsMax); ended.size > 0;) {
      for (const [spaceId, ids] of ended) {
        signal?.throwIfAborted();
        await removeEnded(db, spaceId, ids, { nowMicros: clock.nowMicros(), pieces });
        removed += ids.length;
      }
      ended = await endExpired(db, clock.nowMicros(), pieces.uploadsMax);
    }
  }
  return removed;
}

/** Index: upload_sessions_expiry. The new generation stops requests that append. */
async function endExpired(db: Db, nowMicros: number, limit: number): Promise<Map<SpaceId, UploadId[]>> {
  const { rows } = await sql<{ space_id: SpaceId; id: UploadId }>`
    update shard.upload_sessions set expires_at = 0, generation = generation + 1, operation_id = null
    where (space_id, id) in (
      select space_id, id from shard.upload_sessions where expires_at <= ${nowMicros}
      order by expires_at limit ${limit} for update skip locked)
    returning space_id, id`.execute(db);
  const ended = new Map<SpaceId, UploadId[]>();
  for (const { space_id: spaceId, id } of rows) ended.set(spaceId, [...(ended.get(spaceId) ?? []), id]);
  return ended;
}

async function removeEnded(
  db: Db,
  spaceId: SpaceId,
  ids: readonly UploadId[],
  { nowMicros, pieces }: Release,
): Promise<void> {
  const { uploadBlocksMax } = pieces;
  for (let more = true; more;) {
    more = await inTransaction(db, async (transaction) => {
      await lockSpace(transaction, spaceId);
      const gone = await deleteBlocks(transaction, spaceId, ids, uploadBlocksMax);
      const deltas = new Map<HashHex, number>();
      for (const hash of gone) deltas.set(hash, (deltas.get(hash) ?? 0) - 1);
      await changeBlockRefs(transaction, spaceId, deltas, nowMicros);
      if (gone.length === uploadBlocksMax) return true;
      const { rows: tails } = await sql<{ size: number }>`
        delete from shard.upload_tail where space_id = ${spaceId} and session_id = any(${uuidArray(ids)})
        returning size`.execute(transaction);
      await changeStoredBytes(transaction, spaceId, -tails.reduce((sum, { size }) => sum + size, 0));
      const { rows: sessions } = await sql<{ bytes: number }>`
        delete from shard.upload_sessions where space_id = ${spaceId} and id = any(${uuidArray(ids)}) and expires_at = 0
        returning octet_length(request::text) as bytes`.execute(transaction);
      const weightBytes = sessions.reduce((sum, { bytes }) => sum + rowWeight(bytes), 0);
      await changeMetadataBytes(transaction, spaceId, -weightBytes);
      return false;
    });
  }
}

/** Index: primary key. */
async function deleteBlocks(
  transaction: Db,
  spaceId: SpaceId,
  ids: readonly UploadId[],
  limit: number,
): Promise<HashHex[]> {
  const { rows } = await sql<{ hash: Buffer }>`
    delete from shard.upload_blocks b using (
      select session_id, "offset" from shard.upload_blocks
      where space_id = ${spaceId} and session_id = any(${uuidArray(ids)}) limit ${limit}
    ) gone
    where b.space_id = ${spaceId} and b.session_id = gone.session_id and b."offset" = gone."offset"
    returning b.hash`.execute(transaction);
  return rows.map(({ hash }) => hash.toString("hex") as HashHex);
}
