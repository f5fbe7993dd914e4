import assert from "node:assert/strict";
import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { foldName, nameSortKey } from "@holdfast/core/sort-key";
import { type Kysely, sql } from "kysely";
import type { CommentRow, NodeRow, ShardTables, SpaceRow, VersionRow } from "../../base/db/shard-tables.ts";
import { entryBytes, segmentRecordBytes } from "../content/content.ts";
import { commentWeight, nodeWeight, rowWeight, versionWeight } from "../weight/metadata-bytes.ts";
import { hashesIn } from "../content/references.ts";

export async function checkInvariants(db: Kysely<ShardTables>, spaceId: SpaceId): Promise<void> {
  const [space] = (await sql<SpaceRow>`select * from shard.spaces where id = ${spaceId}`.execute(db)).rows;
  assert.ok(space, "the space is there");
  const nodes = (await sql<NodeRow & NameForms>`select * from shard.nodes where space_id = ${spaceId}`.execute(db))
    .rows;
  for (const node of nodes) {
    assert.equal(node.folded_name, foldName(node.name), "a node is found by its name");
    assert.ok(node.sort_key.equals(nameSortKey(node.name, node.kind)), "a node has its place in the natural order");
  }
  const versions = (await sql<VersionRow>`select * from shard.versions where space_id = ${spaceId}`.execute(db)).rows;
  checkTree(space, nodes);
  checkHeads(nodes, versions);
  await checkJournal(db, space, nodes);
  await checkReferences(db, space, versions);
  await checkWeights(db, space, nodes, versions);
}

async function checkWeights(
  db: Kysely<ShardTables>,
  space: SpaceRow,
  nodes: readonly NodeRow[],
  versions: readonly VersionRow[],
): Promise<void> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const isAttached = (node: NodeRow | undefined): boolean =>
    node !== undefined &&
    (node.id === space.root_id || (node.parent_id !== null && isAttached(byId.get(node.parent_id))));
  const segments = await sql<{ bytes: number }>`
    select octet_length(entries) as bytes from shard.segments where space_id = ${space.id}`.execute(db);
  const uploads = await sql<{ bytes: number }>`
    select octet_length(request::text) as bytes from shard.upload_sessions where space_id = ${space.id}`.execute(db);
  const comments = await sql<CommentRow>`select * from shard.comments where space_id = ${space.id}`.execute(db);
  for (const { node_id } of comments.rows) assert.ok(byId.has(node_id), "no comment without a node");
  const weights = [
    ...nodes.filter(isAttached).map(nodeWeight),
    ...versions.filter(({ node_id }) => isAttached(byId.get(node_id))).map(versionWeight),
    ...comments.rows.map(commentWeight),
    ...[...segments.rows, ...uploads.rows].map(({ bytes }) => rowWeight(bytes)),
  ];
  const metadataBytes = weights.reduce((sum, weight) => sum + weight, 0);
  assert.equal(space.metadata_bytes, metadataBytes, "metadata_bytes is the weight of all rows");
  for (const node of nodes) assert.equal(node.weight, nodeWeight(node), "a node has its weight");
}

interface NameForms {
  readonly folded_name: string;
  readonly sort_key: Buffer;
}

function checkTree(space: SpaceRow, nodes: readonly NodeRow[]): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  checkReach(nodes, byId);
  const names = new Set<string>();
  let usedBytes = 0;
  for (const node of nodes) {
    const seen = new Set([node.id]);
    let top = node;
    for (let up = node.parent_id; up !== null; up = top.parent_id) {
      assert.ok(!seen.has(up), `node ${node.id} is above itself`);
      seen.add(up);
      const parent = byId.get(up);
      assert.ok(parent, `the parent of ${top.id} exists`);
      assert.equal(parent.kind, "folder", "a parent is a folder");
      top = parent;
    }
    const detached = top.id !== space.root_id;
    assert.ok(!detached || top.purged_at !== null, `${node.id} hangs below the root`);
    if (!detached) usedBytes += node.size;
    assert.equal(node.name_key, nameKey(node.name));
    assert.ok(node.seq <= space.seq, "no change is later than the space's last one");
    if (node.trashed_at !== null || node.parent_id === null) continue;
    const name = `${node.parent_id}/${node.name_key}`;
    assert.ok(!names.has(name), `${name} stands once`);
    names.add(name);
  }
  assert.equal(space.used_bytes, usedBytes, "used_bytes is the sum of all files");
}

/** Includes unattached copies. */
function checkReach(nodes: readonly NodeRow[], byId: ReadonlyMap<string, NodeRow>): void {
  for (const node of nodes) {
    if (node.purged_at !== null) continue;
    let [names, bytes] = [0, 0];
    for (let at: NodeRow | undefined = node; at !== undefined; at = byId.get(at.parent_id ?? "")) {
      assert.ok(at.names_below >= names, `${at.id} knows of the ${names} names below it`);
      assert.ok(at.bytes_below >= bytes, `${at.id} knows of the ${bytes} bytes below it`);
      names += 1;
      bytes += 1 + Buffer.byteLength(at.name);
    }
  }
}

function checkHeads(nodes: readonly NodeRow[], versions: readonly VersionRow[]): void {
  const byId = new Map(versions.map((version) => [version.id, version]));
  const newest = new Map<string, number>();
  for (const { node_id, number } of versions) newest.set(node_id, Math.max(number, newest.get(node_id) ?? 0));
  const ids = new Set(nodes.map((node) => node.id));
  for (const version of versions) assert.ok(ids.has(version.node_id), "no version without a node");
  for (const node of nodes) {
    if (node.kind !== "file") {
      assert.equal(node.head_version, null);
      continue;
    }
    const head = node.head_version === null ? undefined : byId.get(node.head_version);
    assert.ok(head, `file ${node.id} has its head`);
    assert.equal(head.number, newest.get(node.id), "the head is the newest version");
    assert.deepEqual(
      [head.node_id, head.number, head.size, head.content_id.toString("hex")],
      [node.id, node.version_number, node.size, node.content_id?.toString("hex")],
    );
  }
}

async function checkJournal(db: Kysely<ShardTables>, space: SpaceRow, nodes: readonly NodeRow[]): Promise<void> {
  const { rows } = await sql<{ seq: number; node_id: string }>`
    select seq, node_id from shard.journal where space_id = ${space.id} order by seq`.execute(db);
  assert.deepEqual(
    rows.map((row) => row.seq),
    Array.from({ length: rows.length }, (_, index) => space.seq - rows.length + 1 + index),
    "sequence numbers have no gap and end at the space's",
  );
  const last = new Map(rows.map((row) => [row.node_id, row.seq]));
  for (const node of nodes) if (last.has(node.id)) assert.equal(node.seq, last.get(node.id), "a node has its last seq");
}

async function checkReferences(
  db: Kysely<ShardTables>,
  space: SpaceRow,
  versions: readonly VersionRow[],
): Promise<void> {
  const segments = (
    await sql<{ hash: Buffer; entries: Buffer; refs: number }>`
      select hash, entries, refs from shard.segments where space_id = ${space.id}`.execute(db)
  ).rows;
  const uploads = (
    await sql<{ hash: Buffer }>`select hash from shard.upload_blocks where space_id = ${space.id}`.execute(db)
  ).rows;
  const blocks = (
    await sql<{ hash: Buffer; refs: number; size: number; counted: boolean }>`
      select hash, refs, size, counted from shard.space_blocks where space_id = ${space.id}`.execute(db)
  ).rows;
  const tails = (
    await sql<{ size: number }>`select size from shard.upload_tail where space_id = ${space.id}`.execute(db)
  ).rows;
  const counted = [...blocks.filter((block) => block.counted), ...tails].reduce((sum, { size }) => sum + size, 0);
  assert.equal(space.stored_bytes, counted, "stored_bytes is the sum of all blocks that count, and of tails");
  for (const block of blocks) assert.ok(block.refs === 0 || block.counted, "what is referred to counts");
  const blockRefs = recount([
    ...versions.map((version) => hashesIn(version.manifest, entryBytes)),
    ...segments.map((segment) => hashesIn(segment.entries, entryBytes)),
    ...uploads.map((row) => [row.hash.toString("hex") as HashHex]),
  ]);
  const segmentRefs = recount(versions.map((version) => hashesIn(version.segments, segmentRecordBytes)));
  for (const { hash, refs } of blocks) {
    assert.equal(refs, blockRefs.get(hash.toString("hex") as HashHex) ?? 0, "a block's refs are those that name it");
  }
  for (const { hash, refs } of segments) {
    assert.equal(refs, segmentRefs.get(hash.toString("hex") as HashHex) ?? 0, "a segment's refs are its versions");
  }
  const held = new Set(blocks.map((row) => row.hash.toString("hex")));
  for (const hash of blockRefs.keys()) assert.ok(held.has(hash), "what is named is held");
}

function recount(holders: readonly Iterable<HashHex>[]): Map<HashHex, number> {
  const counts = new Map<HashHex, number>();
  for (const hashes of holders) for (const hash of hashes) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  return counts;
}
