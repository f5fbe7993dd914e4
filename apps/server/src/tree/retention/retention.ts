import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { byteaArray, uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import { lockSpace } from "../commit/load.ts";
import { changeStoredBytes } from "../weight/stored-bytes.ts";
import { removeVersions } from "./remove-versions.ts";
import { inPieces, type Retention, rowsIn } from "./retention-job.ts";

/** Removes results older than 14 days. Index: operations_age. */
export async function expireOperations(
  job: Retention,
  lifetimeMs: number = limits.operationLifetimeMs,
): Promise<number> {
  return inPieces(job, async () => {
    const { numAffectedRows } = await sql`
      delete from shard.operations where ctid = any(array(
        select ctid from shard.operations where at < ${job.nowMicros - lifetimeMs * 1000} order by at limit ${rowsIn(job)}
      ))`.execute(job.db);
    return Number(numAffectedRows ?? 0n);
  });
}

/** `sweepPurged` removes the rows. The journal already contains their move to the trash. Index: nodes_trash_age. */
export async function expireTrash(job: Retention, lifetimeMs: number): Promise<number> {
  const before = job.nowMicros - lifetimeMs * 1000;
  return inPieces(job, async () => {
    const { rows } = await sql<{ space_id: SpaceId; ids: NodeId[] }>`
      select space_id, array_agg(id::text) as ids from (
        select space_id, id from shard.nodes
        where trashed_at is not null and purged_at is null and trashed_at < ${before} order by trashed_at limit ${rowsIn(job)}
      ) old group by space_id`.execute(job.db);
    let count = 0;
    for (const { space_id, ids } of rows) {
      count += await inTransaction(job.db, async (transaction) => {
        await lockSpace(transaction, space_id);
        const { numAffectedRows } = await sql`
          update shard.nodes set purged_at = ${job.nowMicros}
          where space_id = ${space_id} and id = any(${uuidArray(ids)}) and trashed_at < ${before}
            and purged_at is null`.execute(transaction);
        return Number(numAffectedRows ?? 0n);
      });
    }
    return count;
  });
}

/**
 * Removes entries older than 90 days, oldest first, so that the rest has no gap. Keeps the newest entry, whose tag
 * verifies cursors at the end of the journal. Indexes: journal_age and the primary key.
 */
export async function expireJournal(job: Retention, lifetimeMs: number = limits.journalLifetimeMs): Promise<number> {
  const before = job.nowMicros - lifetimeMs * 1000;
  const { rows: spaces } = await sql<{ space_id: SpaceId; last: number }>`
    select j.space_id, least(max(j.seq), max(s.seq) - 1) as last
    from shard.journal j join shard.spaces s on s.id = j.space_id
    where j.at < ${before} group by j.space_id`.execute(job.db);
  let count = 0;
  for (const { space_id, last } of spaces) {
    count += await inPieces(job, async () => {
      const { numAffectedRows } = await sql`
        delete from shard.journal where space_id = ${space_id} and seq in (
          select seq from shard.journal where space_id = ${space_id} and seq <= ${last} order by seq limit ${rowsIn(job)}
        )`.execute(job.db);
      return Number(numAffectedRows ?? 0n);
    });
  }
  return count;
}

/** Removes activity events together with the journal entries of their time. Index: events_age. */
export async function expireEvents(job: Retention, lifetimeMs: number = limits.journalLifetimeMs): Promise<number> {
  return inPieces(job, async () => {
    const { numAffectedRows } = await sql`
      delete from shard.events where ctid = any(array(
        select ctid from shard.events where at < ${job.nowMicros - lifetimeMs * 1000} limit ${rowsIn(job)}
      ))`.execute(job.db);
    return Number(numAffectedRows ?? 0n);
  });
}

export interface VersionRetention {
  /** Minimum number of newest versions of a file to keep. */
  readonly keptMin: number;
  readonly lifetimeMs: number;
}

/**
 * Keeps labeled versions and the newest `keptMin`. Every state within `lifetimeMs` can be restored. Indexes:
 * nodes_history and versions_node.
 */
export async function pruneVersions(job: Retention, options: VersionRetention): Promise<number> {
  const { keptMin, before } = oldVersions(job, options);
  let count = 0;
  let page = await filesWithHistory(job, keptMin, undefined);
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    for (const [spaceId, files] of Map.groupBy(page, (file) => file.space_id)) {
      count += await inPieces(job, async () => pruneFiles(job, spaceId, files, { keptMin, before }));
    }
    page = await filesWithHistory(job, keptMin, last);
  }
  return count;
}

/** Blocks unreferenced for a day no longer count as stored. Index: space_blocks_unreferenced. */
export async function expireStaged(job: Retention, lifetimeMs: number = limits.stagedLifetimeMs): Promise<number> {
  const before = job.nowMicros - lifetimeMs * 1000;
  return inPieces(job, async () => {
    const { rows } = await sql<{ space_id: SpaceId; hash: Buffer }>`
      select space_id, hash from shard.space_blocks where refs = 0 and counted and since < ${before}
      order by since limit ${rowsIn(job)}`.execute(job.db);
    let count = 0;
    for (const [spaceId, blocks] of Map.groupBy(rows, (row) => row.space_id)) {
      const hashes = byteaArray(blocks.map((block) => block.hash));
      count += await inTransaction(job.db, async (transaction) => {
        await lockSpace(transaction, spaceId);
        const { rows: stale } = await sql<{ size: number }>`
          update shard.space_blocks set counted = false
          where space_id = ${spaceId} and hash = any(${hashes}) and refs = 0 and counted and since < ${before}
          returning size`.execute(transaction);
        await changeStoredBytes(transaction, spaceId, -stale.reduce((sum, { size }) => sum + size, 0));
        return stale.length;
      });
    }
    return count;
  });
}

export async function countOldVersions(job: Retention, options: VersionRetention): Promise<number> {
  const old = oldVersions(job, options);
  let count = 0;
  let page = await filesWithHistory(job, old.keptMin, undefined);
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    job.signal?.throwIfAborted();
    for (const [spaceId, files] of Map.groupBy(page, (file) => file.space_id)) {
      const { rows } = await sql<{
        count: number;
      }>`select count(*) as count from (${selectOld(spaceId, files, old)}) as old`.execute(job.db);
      count += rows[0]?.count ?? 0;
    }
    page = await filesWithHistory(job, old.keptMin, last);
  }
  return count;
}

interface OldVersions {
  readonly keptMin: number;
  readonly before: number;
}

function oldVersions(job: Retention, { keptMin, lifetimeMs }: VersionRetention): OldVersions {
  return {
    keptMin: Math.max(1, keptMin),
    before: job.nowMicros - lifetimeMs * 1000,
  };
}

/** A version was the newest until the next was created. Index: versions_node. */
function selectOld(spaceId: SpaceId, files: readonly Pick<File, "id">[], { keptMin, before }: OldVersions) {
  return sql`
    select v.id from shard.nodes n join shard.versions v
      on v.space_id = n.space_id and v.node_id = n.id and v.number <= n.version_number - ${keptMin}::int8
    where n.space_id = ${spaceId} and n.id = any(${uuidArray(files.map(({ id }) => id))}) and v.label is null and exists (
      select from shard.versions later
      where later.space_id = v.space_id and later.node_id = v.node_id and later.number > v.number and later.created_at < ${before})`;
}

interface File {
  readonly space_id: SpaceId;
  readonly id: NodeId;
}

async function filesWithHistory(job: Retention, keptMin: number, after: File | undefined): Promise<readonly File[]> {
  const { rows } = await sql<File>`
    select space_id, id from shard.nodes
    where version_number > 1 and version_number > ${keptMin}
      and (space_id, id) > (${after?.space_id ?? firstId}::uuid, ${after?.id ?? firstId}::uuid)
    order by space_id, id limit ${rowsIn(job)}`.execute(job.db);
  return rows;
}

const firstId = "00000000-0000-0000-0000-000000000000";

async function pruneFiles(job: Retention, spaceId: SpaceId, files: readonly File[], old: OldVersions): Promise<number> {
  return inTransaction(job.db, async (transaction) => {
    await lockSpace(transaction, spaceId);
    const chosen = sql`${selectOld(spaceId, files, old)} limit ${rowsIn(job)}`;
    const { rows } = await removeVersions(transaction, spaceId, chosen, job.nowMicros);
    return rows.length;
  });
}
