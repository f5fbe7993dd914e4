import type { NodeId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { int8Array, uuidArray } from "../../base/db/array-parameters.ts";
import type { JournalRow } from "../../base/db/shard-tables.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import { type Entry, isEvent } from "./activity-scan.ts";
import type { Lay, Seen } from "./happening.ts";

export async function seeEntries(
  shards: ReadShards,
  caller: Actor,
  entries: readonly Entry[],
  lay: Lay = new Map(),
): Promise<Seen> {
  const ids = new Set<NodeId>();
  for (const entry of entries) {
    ids.add(entry.node_id);
    if (isEvent(entry) || entry.from_parent === null) continue;
    ids.add(entry.from_parent);
    const to = lay.get(entry.node_id);
    if (to !== undefined) ids.add(to);
  }
  const nodes = await findNodes(shards, caller, [...ids]);
  // Another space may contain the same id.
  for (const { node_id: id, space_id } of entries) if (nodes.get(id)?.row.space_id !== space_id) nodes.delete(id);
  const moved = entries.filter(
    (entry): entry is JournalRow => !isEvent(entry) && entry.from_parent !== null && nodes.has(entry.from_parent),
  );
  return { nodes, names: await readNames(shards, moved) };
}

/**
 * Names of nodes when entries took them out of sight: from the entry, or from the row if unchanged since. Index:
 * primary key.
 */
async function readNames(shards: ReadShards, entries: readonly JournalRow[]): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>();
  const untold: JournalRow[] = [];
  for (const entry of entries) {
    if (entry.from_name !== null && entry.from_name !== "") names.set(entry.seq, entry.from_name);
    else untold.push(entry);
  }
  for (const [spaceId, some] of Map.groupBy(untold, (entry) => entry.space_id)) {
    const { rows } = await sql<{ seq: number; name: string }>`
      select n.seq, n.name from unnest(${uuidArray(some.map((entry) => entry.node_id))},
        ${int8Array(some.map((entry) => entry.seq))}) as asked (id, seq)
      join shard.nodes n on n.space_id = ${spaceId} and n.id = asked.id and n.seq = asked.seq`.execute(
      shards.ofId(spaceId).db,
    );
    for (const { seq, name } of rows) names.set(seq, name);
  }
  return names;
}
