import type { SpaceId, UploadId, VersionId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { byteaArray, uuidArray } from "../../base/db/array-parameters.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { entryBytes, segmentRecordBytes } from "../content/content.ts";
import type { Candidates } from "./candidates.ts";

export interface ListReader {
  readonly db: Kysely<ShardTables>;
  readonly spaceId: SpaceId;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads everything in the space that can refer to a block, once for all candidates: the lists of all versions (also of
 * trashed files and unattached copies), all segments (even unused ones), and the blocks of unfinished uploads. Takes no
 * lock, so changes meanwhile are detected by the marks of the rows.
 */
export async function countBlockNames(reader: ListReader, candidates: Candidates): Promise<void> {
  await eachVersionList(reader, "manifest", (list) => candidates.countList(list, entryBytes));
  await eachSegment(reader, (entries) => candidates.countList(entries, entryBytes));
  await eachUploadBlock(reader, (hash) => candidates.countHash(hash));
}

/** Only long versions refer to segments. */
export async function countSegmentNames(reader: ListReader, candidates: Candidates): Promise<void> {
  await eachVersionList(reader, "segments", (list) => candidates.countList(list, segmentRecordBytes));
}

const rowsMax = 1000;
/** Takes some ten milliseconds to search. A single list may be longer. */
const listBytesMax = 1024 * 1024;

/** One list may take megabytes. Index: the primary key. */
async function eachVersionList(
  { db, spaceId, signal }: ListReader,
  column: "manifest" | "segments",
  take: (list: Buffer) => void,
): Promise<void> {
  const list = sql.ref(column);
  let last: VersionId | undefined;
  for (let read = rowsMax; read === rowsMax;) {
    signal?.throwIfAborted();
    const { rows } = await sql<{ id: VersionId; bytes: number | null }>`
      select id, octet_length(${list}) as bytes from shard.versions
      where space_id = ${spaceId} and id > ${last ?? firstId}::uuid order by id limit ${rowsMax}`.execute(db);
    for (const ids of inPortions(rows)) {
      const { rows: lists } = await sql<{ list: Buffer }>`
        select ${list} as list from shard.versions
        where space_id = ${spaceId} and id = any(${uuidArray(ids.map(({ id }) => id))})`.execute(db);
      for (const row of lists) take(row.list);
    }
    read = rows.length;
    last = rows.at(-1)?.id;
  }
}

/** Index: the primary key. */
async function eachSegment({ db, spaceId, signal }: ListReader, take: (entries: Buffer) => void): Promise<void> {
  let last: Buffer | undefined;
  for (let read = rowsMax; read === rowsMax;) {
    signal?.throwIfAborted();
    const { rows } = await sql<{ hash: Buffer; bytes: number }>`
      select hash, octet_length(entries) as bytes from shard.segments
      where space_id = ${spaceId} and hash > ${last ?? Buffer.alloc(0)} order by hash limit ${rowsMax}`.execute(db);
    for (const some of inPortions(rows)) {
      const { rows: segments } = await sql<{ entries: Buffer }>`
        select entries from shard.segments
        where space_id = ${spaceId} and hash = any(${byteaArray(some.map(({ hash }) => hash))})`.execute(db);
      for (const { entries } of segments) take(entries);
    }
    read = rows.length;
    last = rows.at(-1)?.hash;
  }
}

async function eachUploadBlock({ db, spaceId, signal }: ListReader, take: (hash: Buffer) => void): Promise<void> {
  let last: { readonly session_id: UploadId; readonly offset: number } | undefined;
  for (let read = rowsMax; read === rowsMax;) {
    signal?.throwIfAborted();
    const { rows } = await sql<{ session_id: UploadId; offset: number; hash: Buffer }>`
      select session_id, "offset", hash from shard.upload_blocks
      where space_id = ${spaceId} and (session_id, "offset") > (${last?.session_id ?? firstId}::uuid, ${last?.offset ?? -1}::int8)
      order by session_id, "offset" limit ${rowsMax}`.execute(db);
    for (const { hash } of rows) take(hash);
    read = rows.length;
    last = rows.at(-1);
  }
}

const firstId = "00000000-0000-0000-0000-000000000000";

function inPortions<Row extends { readonly bytes: number | null }>(rows: readonly Row[]): Row[][] {
  const portions: Row[][] = [];
  let roomBytes = 0;
  for (const row of rows) {
    if (row.bytes === null || row.bytes === 0) continue;
    if (portions.length === 0 || row.bytes > roomBytes) {
      portions.push([]);
      roomBytes = listBytesMax;
    }
    portions.at(-1)?.push(row);
    roomBytes -= row.bytes;
  }
  return portions;
}
