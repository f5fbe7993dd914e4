import { createHash } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import type { VersionId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import { inTransaction } from "../../base/db/database.ts";
import { isReadOnly } from "../../base/db/database-error.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";

export interface Download {
  /** undefined for a zip or a copy, which cannot be continued. */
  readonly version?: { readonly id: VersionId; readonly size: number };
  readonly rangeBytes?: number | undefined;
  readonly source: string;
}

/** Called once, at a response's end, with the number of unsent bytes, which may be requested again. */
export type TakeBack = (unsentBytes: number) => Promise<void>;

interface Counting {
  readonly shards: Shards;
  readonly nowMicros: number;
}

/** The file's size may be sent this often before another download counts. */
const wholesMax = 2;

/**
 * Counts a link's download when it begins; accounts' downloads are not counted.
 * @returns undefined if it cannot be continued
 * @throws HoldfastError forbidden at the link's limit
 */
export async function countDownload(
  world: Counting,
  caller: Caller,
  download: Download,
): Promise<TakeBack | undefined> {
  const { version } = download;
  if (caller.credential.kind !== "link") return undefined;
  const { db } = world.shards.ofId(caller.spaceId);
  try {
    // The rollback of a rejected download leaves no row to continue.
    const delivery = await inTransaction(db, async (transaction) => {
      if (version !== undefined) return countOrGoOn(transaction, caller, { ...download, version }, world.nowMicros);
      await countOne(transaction, caller);
      return undefined;
    });
    return delivery && ((unsentBytes) => takeBack(db, caller, delivery, unsentBytes));
  } catch (error) {
    // While a standby answers reads, only links with a limit need the count.
    if (!isReadOnly(error) || (await isLimited(db, caller))) throw error;
    return undefined;
  }
}

async function isLimited(db: ShardQueries, { spaceId, credential }: Caller): Promise<boolean> {
  const { rows } = await sql`
    select from shard.grants where space_id = ${spaceId} and id = ${credential.id} and max_downloads is not null`.execute(
    db,
  );
  return rows.length > 0;
}

async function countOne(transaction: ShardQueries, { spaceId, credential }: Caller): Promise<void> {
  const { numAffectedRows = 0n } = await sql`
    update shard.grants set downloads = downloads + 1
    where space_id = ${spaceId} and id = ${credential.id} and (max_downloads is null or downloads < max_downloads)`.execute(
    transaction,
  );
  if (numAffectedRows > 0n) return;
  throw new HoldfastError(
    "forbidden",
    "This link has reached its download limit. Ask the person who sent it for a new one.",
  );
}

/** Bytes sent to one address since a counted download. */
interface Delivery {
  readonly versionId: VersionId;
  readonly source: Buffer;
  /** Different for each counted download. */
  readonly begunAt: number;
}

/**
 * A request with ranges continues a counted download. Of two concurrent downloads, the second waits and continues the
 * first.
 * @throws HoldfastError forbidden
 */
async function countOrGoOn(
  transaction: ShardQueries,
  caller: Caller,
  { version, rangeBytes, source: place }: Download & Required<Pick<Download, "version">>,
  nowMicros: number,
): Promise<Delivery> {
  const [{ spaceId }, versionId] = [caller, version.id];
  const bytes = rangeBytes ?? version.size;
  const source = createHash("sha256").update(place).digest();
  const { rows } = await sql<{ begun_at: number; bytes: number }>`
    insert into shard.link_downloads as d (space_id, link_id, version_id, source, begun_at, bytes)
    values (${spaceId}, ${caller.credential.id}, ${versionId}, ${source}, 0, 0)
    on conflict (space_id, link_id, version_id, source) do update set bytes = d.bytes
    returning begun_at, bytes`.execute(transaction);
  const before = rows[0] ?? { begun_at: 0, bytes: 0 };
  const goesOn =
    before.begun_at > nowMicros - limits.linkDownloadLifetimeMs * 1000 &&
    rangeBytes !== undefined &&
    before.bytes + bytes <= wholesMax * version.size;
  if (!goesOn) await countOne(transaction, caller);
  const begunAt = goesOn ? before.begun_at : Math.max(nowMicros, before.begun_at + 1);
  await sql`
    update shard.link_downloads set begun_at = ${begunAt}, bytes = ${goesOn ? before.bytes + bytes : bytes}
    where space_id = ${spaceId} and link_id = ${caller.credential.id} and version_id = ${versionId}
      and source = ${source}`.execute(transaction);
  return { versionId, source, begunAt };
}

/** Does nothing if another download was counted meanwhile. */
async function takeBack(
  db: ShardQueries,
  { spaceId, credential }: Caller,
  { versionId, source, begunAt }: Delivery,
  unsentBytes: number,
): Promise<void> {
  await sql`
    update shard.link_downloads set bytes = greatest(0, bytes - ${unsentBytes})
    where space_id = ${spaceId} and link_id = ${credential.id} and version_id = ${versionId} and source = ${source}
      and begun_at = ${begunAt}`.execute(db);
}

/**
 * Single blocks cannot be counted.
 * @throws HoldfastError forbidden for a link with a download limit
 */
export async function assertUncounted(shards: Shards, caller: Caller): Promise<void> {
  if (caller.credential.kind !== "link" || !(await isLimited(shards.ofId(caller.spaceId).db, caller))) return;
  throw new HoldfastError(
    "forbidden",
    "The downloads of this link are counted, so only complete files can be downloaded.",
  );
}

/** Deletes downloads that can no longer be continued. Index: link_downloads_begun. */
export async function expireLinkDownloads({ shards, nowMicros }: Counting): Promise<void> {
  const before = nowMicros - limits.linkDownloadLifetimeMs * 1000;
  for (const { db } of shards.all()) {
    for (let removed = batchRows; removed === batchRows;) {
      const { numAffectedRows = 0n } = await sql`
        delete from shard.link_downloads where ctid = any(array(
          select ctid from shard.link_downloads where begun_at <= ${before} limit ${batchRows} for update skip locked
        ))`.execute(db);
      removed = Number(numAffectedRows);
    }
  }
}

const batchRows = 1000;
