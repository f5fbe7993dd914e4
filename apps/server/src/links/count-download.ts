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
  /** That its ranges ask for; undefined without any. */
  readonly rangeBytes?: number | undefined;
  /** Where it goes to. */
  readonly source: string;
}

/** Told once, when an answer has ended, how much of it did not go out, so that this may be asked for again. */
export type TakeBack = (unsentBytes: number) => Promise<void>;

interface Counting {
  readonly shards: Shards;
  readonly nowMicros: number;
}

/** How often what a file has may go out in all before that is another download. */
const wholesMax = 2;

/**
 * Counts what goes out by a link, as it begins. For accounts nothing is counted.
 * @returns undefined where nothing can be gone on with
 * @throws HoldfastError forbidden where the link has been used as often as it may be
 */
export async function countDownload(
  world: Counting,
  caller: Caller,
  download: Download,
): Promise<TakeBack | undefined> {
  const { version } = download;
  if (caller.credential.kind !== "link") return undefined;
  const { db } = world.shards.ofId(caller.spaceId);
  // What is refused leaves no trace that somebody could go on with.
  return inTransaction(db, async (transaction) => {
    if (version !== undefined) return countOrGoOn(transaction, caller, { ...download, version }, world.nowMicros);
    await countOne(transaction, caller);
    return undefined;
  }).then((delivery) => delivery && ((unsentBytes) => takeBack(db, caller, delivery, unsentBytes)));
}

/** @throws HoldfastError forbidden */
async function countOne(transaction: ShardReader, { spaceId, credential }: Caller): Promise<void> {
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

/** What went out, or is about to, to one place since a download of it was counted. */
interface Delivery {
  readonly versionId: VersionId;
  readonly source: Buffer;
  /** Of each that is counted another. */
  readonly begunAt: number;
}

/**
 * What asks for ranges goes on with what was counted. Of two that begin at once the second waits for the first, and goes on with that.
 * @throws HoldfastError forbidden
 */
async function countOrGoOn(
  transaction: ShardReader,
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

/** Nothing of what has been counted as another download meanwhile. */
async function takeBack(
  db: ShardReader,
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
  throw new HoldfastError(
    "forbidden",
    "The downloads of this link are counted, so only complete files can be downloaded.",
  );
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
