import type { HashHex, NodeId, SpaceId, UserId, VersionId } from "@holdfast/core/ids";
import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import { byteaArray, hashArray, int8Array, textArray, uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeRow, ShardQueries, SpaceRow, VersionRow } from "../../base/db/shard-tables.ts";

/**
 * Takes the lock for all changes of a space until the end of the transaction. Every statement of a commit finds its
 * rows by key. So this also disables full table scans in the transaction, which a young table's statistics may suggest.
 * @throws HoldfastError not_found
 */
export async function lockSpace(transaction: ShardQueries, spaceId: SpaceId): Promise<SpaceRow> {
  await sql`select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)`.execute(transaction);
  const { rows } = await sql<SpaceRow>`select * from shard.spaces where id = ${spaceId} for update`.execute(
    transaction,
  );
  if (rows[0] === undefined) throw new HoldfastError("not_found", "There is no such space.");
  return rows[0];
}

/** Loads nodes in any state, and all folders above them. Index: the primary key. */
export async function loadNodes(reader: ShardQueries, spaceId: SpaceId, ids: readonly NodeId[]): Promise<NodeRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<NodeRow>`
    with recursive up (id, parent_id) as (
      select n.id, n.parent_id from shard.nodes n where n.space_id = ${spaceId} and n.id = any(${uuidArray(ids)})
      union
      select above.id, above.parent_id from up cross join lateral (
        select n.id, n.parent_id from shard.nodes n where n.space_id = ${spaceId} and n.id = up.parent_id offset 0
      ) above
    )
    select node.* from up cross join lateral (
      select * from shard.nodes n where n.space_id = ${spaceId} and n.id = up.id offset 0
    ) node`.execute(reader);
  return rows;
}

export interface Name {
  readonly parentId: NodeId;
  readonly key: string;
}

/** Up to this number, folders are queried one by one, because one index scan finds many names of a folder. */
const foldersOneByOne = 4;

/** Loads the live nodes with these names. Index: `nodes_live_name`. */
export async function loadNames(reader: ShardQueries, spaceId: SpaceId, names: readonly Name[]): Promise<NodeRow[]> {
  const folders = Map.groupBy(names, (name) => name.parentId);
  if (folders.size > foldersOneByOne) return loadScatteredNames(reader, spaceId, names);
  const found: NodeRow[] = [];
  for (const [parentId, inFolder] of folders) {
    const { rows } = await sql<NodeRow>`
      select * from shard.nodes n
      where n.space_id = ${spaceId} and n.parent_id = ${parentId}
        and n.name_key = any(${textArray(inFolder.map((name) => name.key))}) and n.trashed_at is null`.execute(reader);
    found.push(...rows);
  }
  return found;
}

async function loadScatteredNames(reader: ShardQueries, spaceId: SpaceId, names: readonly Name[]): Promise<NodeRow[]> {
  const parents = uuidArray(names.map((name) => name.parentId));
  const keys = textArray(names.map((name) => name.key));
  const { rows } = await sql<NodeRow>`
    select node.* from unnest(${parents}, ${keys}) as wanted (parent_id, name_key) cross join lateral (
      select * from shard.nodes n
      where n.space_id = ${spaceId} and n.parent_id = wanted.parent_id and n.name_key = wanted.name_key
        and n.trashed_at is null offset 0
    ) node`.execute(reader);
  return rows;
}

export interface HeldBlocks {
  /** In bytes. */
  readonly sizes: ReadonlyMap<HashHex, number>;
  /** Blocks that `stored_bytes` does not include yet. They need `countBlocks` before they are referred to. */
  readonly uncounted: ReadonlySet<HashHex>;
  /** Last uploader of each block. Empty if only the owner commits. */
  readonly uploaders: ReadonlyMap<HashHex, UserId>;
}

export const noHeldBlocks: HeldBlocks = { sizes: new Map(), uncounted: new Set(), uploaders: new Map() };

/** Locks the blocks that the space holds, in the order of their hashes to avoid deadlocks. Index: the primary key. */
export async function lockBlocks(
  transaction: ShardQueries,
  spaceId: SpaceId,
  hashes: readonly HashHex[],
  withUploaders = false,
): Promise<HeldBlocks> {
  if (hashes.length === 0) return noHeldBlocks;
  const { rows } = await sql<{ hash: Buffer; size: number; counted: boolean; uploader: UserId }>`
    select hash, size, counted, uploader from shard.space_blocks
    where space_id = ${spaceId} and hash = any(${hashArray(hashes)})
    order by hash for no key update`.execute(transaction);
  const sizes = new Map<HashHex, number>();
  const uncounted = new Set<HashHex>();
  const uploaders = new Map<HashHex, UserId>();
  for (const { hash, size, counted, uploader } of rows) {
    const hex = hash.toString("hex") as HashHex;
    sizes.set(hex, size);
    if (!counted) uncounted.add(hex);
    if (withUploaders) uploaders.set(hex, uploader);
  }
  return { sizes, uncounted, uploaders };
}

/** Locks the segments that the space holds. Index: the primary key. */
export async function lockSegments(
  transaction: ShardQueries,
  spaceId: SpaceId,
  hashes: readonly HashHex[],
): Promise<Set<HashHex>> {
  if (hashes.length === 0) return new Set();
  const { rows } = await sql<{ hash: Buffer }>`
    select hash from shard.segments
    where space_id = ${spaceId} and hash = any(${hashArray(hashes)})
    order by hash for no key update`.execute(transaction);
  return new Set(rows.map((row) => row.hash.toString("hex") as HashHex));
}

export async function loadVersions(
  reader: ShardQueries,
  spaceId: SpaceId,
  ids: readonly VersionId[],
): Promise<VersionRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<VersionRow>`
    select * from shard.versions where space_id = ${spaceId} and id = any(${uuidArray(ids)})`.execute(reader);
  return rows;
}

/** Index: `versions_node`. */
export async function loadNumberedVersions(
  reader: ShardQueries,
  spaceId: SpaceId,
  wanted: readonly { nodeId: NodeId; number: number }[],
): Promise<VersionRow[]> {
  if (wanted.length === 0) return [];
  const nodes = uuidArray(wanted.map((version) => version.nodeId));
  const numbers = int8Array(wanted.map((version) => version.number));
  const { rows } = await sql<VersionRow>`
    select version.* from unnest(${nodes}, ${numbers}) as wanted (node_id, number) cross join lateral (
      select * from shard.versions v
      where v.space_id = ${spaceId} and v.node_id = wanted.node_id and v.number = wanted.number offset 0
    ) version`.execute(reader);
  return rows;
}

export interface StoredOperation {
  readonly user_id: UserId;
  readonly op_id: Buffer;
  readonly request_hash: Buffer;
  readonly result: string;
}

/** Index: the primary key. */
export async function loadOperations(
  reader: ShardQueries,
  spaceId: SpaceId,
  wanted: readonly { userId: UserId; operationId: Buffer }[],
): Promise<StoredOperation[]> {
  if (wanted.length === 0) return [];
  const users = uuidArray(wanted.map((operation) => operation.userId));
  const ids = byteaArray(wanted.map((operation) => operation.operationId));
  const { rows } = await sql<StoredOperation>`
    select operation.* from unnest(${users}, ${ids}) as wanted (user_id, op_id) cross join lateral (
      select o.user_id, o.op_id, o.request_hash, o.result from shard.operations o
      where o.space_id = ${spaceId} and o.user_id = wanted.user_id and o.op_id = wanted.op_id offset 0
    ) operation`.execute(reader);
  return rows;
}
