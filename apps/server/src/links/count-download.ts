import { createHash } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import type { VersionId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { Caller } from "../accounts/caller.ts";
import { inTransaction } from "../db/database.ts";
import type { ShardReader } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";

/** A download that is about to begin, or to go on. */
export interface Download {
  /** Undefined for a zip, which nobody can go on with. */
  readonly version?: { readonly id: VersionId; readonly size: number };
  /** That its ranges ask for; undefined for all of it. */
  readonly rangeBytes?: number | undefined;
  /** Where it goes to. */
  readonly source: string;
}

interface Counting {
  readonly shards: Shards;
  readonly nowMicros: number;
}

/** How often what a file has may be asked for by ranges before that is another download. */
const wholesMax = 2;

/**
 * Counts what goes out by a link, as it begins. For accounts nothing is counted.
 * @throws HoldfastError forbidden where the link has been used as often as it may be
 */
export async function countDownload(world: Counting, caller: Caller, download: Download): Promise<void> {
  if (caller.credential.kind !== "link") return;
  const { db } = world.shards.ofId(caller.spaceId);
  // What is refused leaves no trace that somebody could go on with.
  await inTransaction(db, async (transaction) => {
    const isFree = await (download.version === undefined
      ? countOne(transaction, caller)
      : countOrGoOn(transaction, caller, { ...download, version: download.version }, world.nowMicros));
    if (!isFree)
      throw new HoldfastError(
        "forbidden",
        "This link has been used as often as it may be. Ask whoever gave it to you for another one.",
      );
  });
}

async function countOne(transaction: ShardReader, { spaceId, credential }: Caller): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update shard.grants set downloads = downloads + 1
    where space_id = ${spaceId} and id = ${credential.id} and (max_downloads is null or downloads < max_downloads)`.execute(
    transaction,
  );
  return numAffectedRows > 0n;
}

/** One statement: of two that begin at once the second waits for the first, and goes on with what that began. */
async function countOrGoOn(
  transaction: ShardReader,
  { spaceId, credential }: Caller,
  { version, rangeBytes, source }: Download & Required<Pick<Download, "version">>,
  nowMicros: number,
): Promise<boolean> {
  const isWhole = rangeBytes === undefined;
  const bytes = rangeBytes ?? 0;
  const since = nowMicros - limits.linkDownloadLifetimeMs * 1000;
  const goesOn = sql`not ${isWhole}::boolean and d.begun_at > ${since} and d.bytes + ${bytes} <= ${wholesMax * version.size}`;
  const { rows } = await sql`
    with begun as (
      insert into shard.link_downloads as d (space_id, link_id, version_id, source, begun_at, bytes)
      values (${spaceId}, ${credential.id}, ${version.id}, ${createHash("sha256").update(source).digest()}, ${nowMicros}, 0)
      on conflict (space_id, link_id, version_id, source) do update set
        begun_at = case when ${goesOn} then d.begun_at else excluded.begun_at end,
        bytes = case when ${goesOn} then d.bytes + ${bytes} else 0 end
      returning bytes > 0 as goes_on
    ), counted as (
      update shard.grants g set downloads = g.downloads + 1 from begun
      where g.space_id = ${spaceId} and g.id = ${credential.id} and not begun.goes_on
        and (g.max_downloads is null or g.downloads < g.max_downloads)
      returning 1
    )
    select from begun where goes_on union all select from counted`.execute(transaction);
  return rows.length > 0;
}

/**
 * Blocks are parts of nothing that could be counted.
 * @throws HoldfastError forbidden for a link that may be used so often and no more
 */
export async function assertUncounted(shards: Shards, { spaceId, credential }: Caller): Promise<void> {
  if (credential.kind !== "link") return;
  const { rows } = await sql`
    select from shard.grants where space_id = ${spaceId} and id = ${credential.id} and max_downloads is not null`.execute(
    shards.ofId(spaceId).db,
  );
  if (rows.length === 0) return;
  throw new HoldfastError("forbidden", "The downloads of this link are counted, so it gives whole files only.");
}

/** A job, run now and then: forgets downloads that nobody goes on with any more. By link_downloads_begun. */
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
