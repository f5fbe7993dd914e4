import type { SpaceId, UploadId, VersionId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { byteaArray, uuidArray } from "../../db/array-parameters.ts";
import type { ShardTables } from "../../db/shard-tables.ts";
import { entryBytes, segmentRecordBytes } from "../content/content.ts";
import type { Candidates } from "./candidates.ts";

/** Whose lists are read. */
export interface ListReader {
  readonly db: Kysely<ShardTables>;
  readonly spaceId: SpaceId;
  /** Asked before each page. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads everything of the space that can name a block, once for all candidates: the lists of all versions, those in the trash and of
 * copies that are not attached yet included; all segments, those that no version names included; the blocks of unfinished uploads.
 * Without a lock, so what changes meanwhile is known by the marks of the rows.
 */
export async function countBlockNames(reader: ListReader, candidates: Candidates): Promise<void> {
  await eachVersionList(reader, "manifest", (list) => candidates.countList(list, entryBytes));
  await eachSegment(reader, (entries) => candidates.countList(entries, entryBytes));
  await eachUploadBlock(reader, (hash) => candidates.countHash(hash));
}

/** Of segments: the lists of all long versions. */
export async function countSegmentNames(reader: ListReader, candidates: Candidates): Promise<void> {
  await eachVersionList(reader, "segments", (list) => candidates.countList(list, segmentRecordBytes));
}

/** Of one page. */
const rowsMax = 1000;
/** Some ten milliseconds to look through. One list alone may be longer. */
const listBytesMax = 1024 * 1024;

/** By the primary key; the lists themselves in portions, since those of very long files have megabytes. */
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

/** By the primary key. */
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

/** By the primary key; each row is a reference of its own. */
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

/** Those that have a list, so many together as it has bytes. */
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
