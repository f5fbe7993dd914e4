import type { SpaceId } from "@holdfast/core/ids";
import { foldName, nameSortKey } from "@holdfast/core/sort-key";
import { sql } from "kysely";
import {
  booleanArray,
  byteaArray,
  int4Array,
  int8Array,
  jsonbArray,
  textArray,
  uuidArray,
} from "../../base/db/array-parameters.ts";
import type { NodeRow, ShardQueries, VersionRow } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import { changeBlockRefs, changeSegmentRefs, countOf } from "../content/references.ts";
import { finishUploads } from "./finish-uploads.ts";
import { reviewGrants } from "./review-grants.ts";
import { reportDeletions } from "./report-deletions.ts";
import { removeSubtrees } from "./removal.ts";
import { countBlocks } from "../weight/stored-bytes.ts";
import { changeUse } from "../weight/used-bytes.ts";
import type { Changes, GivenLabel, JournalEntry, Work } from "./work.ts";

export interface OperationRow {
  readonly userId: string;
  readonly operationId: Buffer;
  readonly requestHash: Buffer;
  readonly result: unknown;
}

export interface Written {
  readonly seq: number;
  readonly messages: boolean;
}

export async function writeWork(work: Work, operations: readonly OperationRow[]): Promise<Written> {
  const { reader, space, changes, nowMicros } = work;
  const nodes = work.tree.changes();
  const updated = nodes.flatMap(({ before, after }) => (before === undefined ? [] : [{ before, after }]));
  await parkNames(reader, space.id, updated);
  await updateNodes(
    reader,
    space.id,
    updated.map(({ after }) => after),
  );
  await insertNodes(
    reader,
    nodes.flatMap(({ before, after }) => (before === undefined ? [after] : [])),
  );
  await insertVersions(reader, changes.versions);
  await writeLabels(reader, space.id, changes.labels);
  await writeDates(reader, space.id, changes.replaced);
  await countBlocks(reader, space.id, changes.counted);
  await changeBlockRefs(reader, space.id, countOf(changes.blockRefs), nowMicros);
  await changeSegmentRefs(reader, space.id, countOf(changes.segmentRefs), nowMicros);
  await finishUploads(reader, space.id, changes.uploads, work);
  const seq = await insertJournal(work, changes.journal);
  await insertOperations(work, operations);
  const removed = await removeSubtrees(reader, space.id, changes.purged, work);
  const usedBytes = (changes.usedBytes.at(-1) ?? 0) - removed.sizeBytes;
  const metadataBytes = (changes.metadataBytes.at(-1) ?? 0) - removed.weightBytes;
  const change = { usedBytes, metadataBytes, seq: seq === space.seq ? null : seq };
  const isWarned = await changeUse(reader, space.id, change);
  const isReviewed = await reviewGrants(reader, space.id, changes.journal, updated);
  const isBraked = (await work.brakes?.write(work)) === true;
  const isCounted = await reportDeletions(work);
  const isWatched = space.watched_seq !== null && seq !== space.seq;
  if (isWatched) await enqueue(reader, { kind: "watch", key: space.id, payload: { spaceId: space.id } });
  const isHooked = space.hooked && seq !== space.seq;
  if (isHooked) await enqueue(reader, { kind: "webhooks", key: space.id, payload: { spaceId: space.id } });
  return {
    seq,
    messages: isWarned || isBraked || isCounted || isReviewed || isWatched || isHooked || removed.grants > 0,
  };
}

/**
 * Parks names that another row takes. `nodes_live_name` is checked row by row, so a swap of names would conflict. A
 * parked row temporarily has its id as its name, after a slash, which no name contains.
 */
async function parkNames(
  reader: ShardQueries,
  spaceId: SpaceId,
  updated: readonly { readonly before: NodeRow; readonly after: NodeRow }[],
): Promise<void> {
  const taken = new Set(updated.flatMap(({ before, after }) => (sameName(before, after) ? [] : nameOf(after))));
  const parked = updated.filter(
    ({ before, after }) => !sameName(before, after) && nameOf(before).some((name) => taken.has(name)),
  );
  if (parked.length === 0) return;
  await sql`update shard.nodes n set name_key = '/' || n.id
    where n.space_id = ${spaceId} and n.id = any(${uuidArray(parked.map(({ after }) => after.id))})`.execute(reader);
}

function nameOf(row: NodeRow): string[] {
  return row.trashed_at === null && row.parent_id !== null ? [`${row.parent_id}/${row.name_key}`] : [];
}

function sameName(before: NodeRow, after: NodeRow): boolean {
  return nameOf(before)[0] === nameOf(after)[0];
}

/** `offset 0` keeps a planner with old statistics from reading the whole space for each row. Index: the primary key. */
async function updateNodes(reader: ShardQueries, spaceId: SpaceId, rows: readonly NodeRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    update shard.nodes n set parent_id = v.parent_id, name = v.name, name_key = v.name_key,
      head_version = v.head_version, version_number = v.version_number, content_id = v.content_id, size = v.size,
      modified_at = v.modified_at, executable = v.executable, private = v.private, revision = v.revision, seq = v.seq,
      trashed_at = v.trashed_at, purged_at = v.purged_at, metadata = v.metadata, weight = v.weight,
      names_below = v.names_below, bytes_below = v.bytes_below, device_id = v.device_id,
      operation_id = v.operation_id, updated_at = v.updated_at, editors_can_share = v.editors_can_share,
      sort_key = v.sort_key, folded_name = v.folded_name
    from (select ${spaceId}::uuid as space_id, given.* from unnest(
      ${uuidArray(rows.map((row) => row.id))}, ${uuidArray(rows.map((row) => row.parent_id))},
      ${textArray(rows.map((row) => row.name))}, ${textArray(rows.map((row) => row.name_key))},
      ${uuidArray(rows.map((row) => row.head_version))}, ${int8Array(rows.map((row) => row.version_number))},
      ${byteaArray(rows.map((row) => row.content_id))}, ${int8Array(rows.map((row) => row.size))},
      ${int8Array(rows.map((row) => row.modified_at))}, ${booleanArray(rows.map((row) => row.executable))},
      ${booleanArray(rows.map((row) => row.private))},
      ${textArray(rows.map((row) => row.revision))}, ${int8Array(rows.map((row) => row.seq))},
      ${int8Array(rows.map((row) => row.trashed_at))}, ${int8Array(rows.map((row) => row.purged_at))},
      ${jsonbArray(rows.map((row) => row.metadata))}, ${int4Array(rows.map((row) => row.weight))},
      ${int4Array(rows.map((row) => row.names_below))}, ${int4Array(rows.map((row) => row.bytes_below))},
      ${uuidArray(rows.map((row) => row.device_id))},
      ${byteaArray(rows.map((row) => row.operation_id))}, ${int8Array(rows.map((row) => row.updated_at))},
      ${booleanArray(rows.map((row) => row.editors_can_share))},
      ${byteaArray(rows.map((row) => nameSortKey(row.name, row.kind)))},
      ${textArray(rows.map((row) => foldName(row.name)))})
    as given (id, parent_id, name, name_key, head_version, version_number, content_id, size, modified_at, executable,
      private, revision, seq, trashed_at, purged_at, metadata, weight, names_below, bytes_below, device_id, operation_id,
      updated_at, editors_can_share, sort_key, folded_name) offset 0) v
    where n.space_id = v.space_id and n.id = v.id`.execute(reader);
}

export async function insertNodes(reader: ShardQueries, rows: readonly NodeRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, target, head_version, version_number,
      content_id, size, modified_at, executable, private, revision, seq, trashed_at, purged_at, metadata, weight,
      names_below, bytes_below, device_id, operation_id, created_at, updated_at, editors_can_share, target_space,
      sort_key, folded_name)
    select * from unnest(${uuidArray(rows.map((row) => row.space_id))}, ${uuidArray(rows.map((row) => row.id))},
      ${uuidArray(rows.map((row) => row.parent_id))}, ${textArray(rows.map((row) => row.name))},
      ${textArray(rows.map((row) => row.name_key))}, ${textArray(rows.map((row) => row.kind))},
      ${textArray(rows.map((row) => row.target))}, ${uuidArray(rows.map((row) => row.head_version))},
      ${int8Array(rows.map((row) => row.version_number))}, ${byteaArray(rows.map((row) => row.content_id))},
      ${int8Array(rows.map((row) => row.size))}, ${int8Array(rows.map((row) => row.modified_at))},
      ${booleanArray(rows.map((row) => row.executable))},
      ${booleanArray(rows.map((row) => row.private))}, ${textArray(rows.map((row) => row.revision))},
      ${int8Array(rows.map((row) => row.seq))}, ${int8Array(rows.map((row) => row.trashed_at))},
      ${int8Array(rows.map((row) => row.purged_at))}, ${jsonbArray(rows.map((row) => row.metadata))},
      ${int4Array(rows.map((row) => row.weight))}, ${int4Array(rows.map((row) => row.names_below))},
      ${int4Array(rows.map((row) => row.bytes_below))},
      ${uuidArray(rows.map((row) => row.device_id))}, ${byteaArray(rows.map((row) => row.operation_id))},
      ${int8Array(rows.map((row) => row.created_at))}, ${int8Array(rows.map((row) => row.updated_at))},
      ${booleanArray(rows.map((row) => row.editors_can_share))}, ${uuidArray(rows.map((row) => row.target_space))},
      ${byteaArray(rows.map((row) => nameSortKey(row.name, row.kind)))},
      ${textArray(rows.map((row) => foldName(row.name)))})`.execute(reader);
}

export async function insertVersions(reader: ShardQueries, rows: readonly VersionRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into shard.versions (space_id, id, node_id, number, content_id, size, manifest, segments, created_by,
      device_id, operation_id, created_at, modified_at)
    select * from unnest(${uuidArray(rows.map((row) => row.space_id))}, ${uuidArray(rows.map((row) => row.id))},
      ${uuidArray(rows.map((row) => row.node_id))}, ${int8Array(rows.map((row) => row.number))},
      ${byteaArray(rows.map((row) => row.content_id))}, ${int8Array(rows.map((row) => row.size))},
      ${byteaArray(rows.map((row) => row.manifest))}, ${byteaArray(rows.map((row) => row.segments))},
      ${uuidArray(rows.map((row) => row.created_by))}, ${uuidArray(rows.map((row) => row.device_id))},
      ${byteaArray(rows.map((row) => row.operation_id))}, ${int8Array(rows.map((row) => row.created_at))},
      ${int8Array(rows.map((row) => row.modified_at))})`.execute(reader);
}

export async function writeLabels(reader: ShardQueries, spaceId: SpaceId, given: readonly GivenLabel[]): Promise<void> {
  if (given.length === 0) return;
  const labels = [...new Map(given.map((each) => [each.versionId, each])).values()];
  await sql`
    update shard.versions v set label = given.label, label_by = given.label_by
    from unnest(${uuidArray(labels.map(({ versionId }) => versionId))}, ${textArray(labels.map(({ label }) => label))},
      ${uuidArray(labels.map(({ by }) => by))}) as given (id, label, label_by)
    where v.space_id = ${spaceId} and v.id = given.id`.execute(reader);
}

/** With `offset 0` as in `updateNodes`. Index: the primary key. */
async function writeDates(reader: ShardQueries, spaceId: SpaceId, replaced: Changes["replaced"]): Promise<void> {
  if (replaced.length === 0) return;
  await sql`
    update shard.versions v set modified_at = given.modified_at
    from (select ${spaceId}::uuid as space_id, rows.* from unnest(
      ${uuidArray(replaced.map(({ versionId }) => versionId))},
      ${int8Array(replaced.map(({ modifiedAtMicros }) => modifiedAtMicros))}) as rows (id, modified_at) offset 0) given
    where v.space_id = given.space_id and v.id = given.id`.execute(reader);
}

/** Continues without gaps under the space lock. */
async function insertJournal(work: Work, entries: readonly JournalEntry[]): Promise<number> {
  const { reader, space, nowMicros } = work;
  if (entries.length === 0) return space.seq;
  const tag = Buffer.from(work.random(8));
  await sql`
    insert into shard.journal (space_id, seq, tag, node_id, kind, from_parent, from_name, from_trashed_at, from_modified_at,
      from_executable, from_private, of_mount, rewind_id, approved, actor, device_id, at)
    select ${space.id}::uuid, v.seq, ${tag}::bytea, v.node_id, v.kind, v.from_parent, v.from_name, v.from_trashed_at,
      v.from_modified_at, v.from_executable, v.from_private, v.of_mount, v.rewind_id, v.approved, v.actor, v.device_id, ${nowMicros}::int8
    from unnest(${int8Array(entries.map((_, index) => space.seq + 1 + index))},
      ${uuidArray(entries.map((entry) => entry.node_id))}, ${textArray(entries.map((entry) => entry.kind))},
      ${uuidArray(entries.map((entry) => entry.from_parent))}, ${textArray(entries.map((entry) => entry.from_name))},
      ${int8Array(entries.map((entry) => entry.from_trashed_at))},
      ${int8Array(entries.map((entry) => entry.from_modified_at))},
      ${booleanArray(entries.map((entry) => entry.from_executable))},
      ${booleanArray(entries.map((entry) => entry.from_private))},
      ${booleanArray(entries.map((entry) => entry.of_mount))},
      ${uuidArray(entries.map((entry) => entry.rewind_id))}, ${booleanArray(entries.map((entry) => entry.approved))},
      ${uuidArray(entries.map((entry) => entry.actor))}, ${uuidArray(entries.map((entry) => entry.device_id))})
    as v (seq, node_id, kind, from_parent, from_name, from_trashed_at, from_modified_at, from_executable, from_private, of_mount, rewind_id,
      approved, actor, device_id)`.execute(reader);
  return space.seq + entries.length;
}

async function insertOperations(work: Work, rows: readonly OperationRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into shard.operations (space_id, user_id, op_id, request_hash, result, at)
    select ${work.space.id}::uuid, v.user_id, v.op_id, v.request_hash, v.result, ${work.nowMicros}::int8
    from unnest(${uuidArray(rows.map((row) => row.userId))}, ${byteaArray(rows.map((row) => row.operationId))},
      ${byteaArray(rows.map((row) => row.requestHash))}, ${textArray(rows.map((row) => JSON.stringify(row.result)))})
    as v (user_id, op_id, request_hash, result)`.execute(work.reader);
}
