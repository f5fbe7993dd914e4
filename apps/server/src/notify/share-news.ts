import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { JournalRow, NodeRow } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { JournalPosition } from "../journal/change-token.ts";
import { readEntries, reset } from "../journal/journal-position.ts";
import type { NewestChange } from "../journal/newest-change.ts";
import type { Share } from "../journal/share-changes.ts";
import { readHead } from "../journal/start-token.ts";
import { readLineages } from "../metadata/read/lineages.ts";

/** So many entries are looked at; where more came at once, everybody is told and looks for themselves. */
const entriesMax = 100;

export interface Watching {
  /** Of the cursor, by space; moved on over what has happened elsewhere in the space. */
  readonly positions: Map<SpaceId, JournalPosition>;
  readonly shares: readonly Share[];
}

type Place = Pick<NodeRow, "id" | "parent_id" | "kind" | "created_at" | "trashed_at">;

/**
 * For whom something has happened in the folders of one space that they see. What happened elsewhere in the space wakes nobody.
 * @returns what to tell each, or why the cursor is of no use any more
 */
export async function findNews<Each extends Watching>(
  shards: Shards,
  spaceId: SpaceId,
  watching: readonly Each[],
): Promise<ReadonlyMap<Each, NewestChange | HoldfastError>> {
  const news = new Map<Each, NewestChange | HoldfastError>();
  const head = await readHead(shards, spaceId);
  const behind = watching.filter(({ positions }) => {
    const at = positions.get(spaceId);
    // A folder that came into view after the cursor is watched from now on.
    if (at === undefined) positions.set(spaceId, head);
    return at !== undefined && (at.seq !== head.seq || at.epoch !== head.epoch);
  });
  const first = behind
    .map(({ positions }) => positions.get(spaceId)?.seq ?? 0)
    .toSorted((left, right) => left - right)[0];
  if (first === undefined) return news;
  const shard = shards.ofId(spaceId);
  const entries = await readEntries(shard, { ...head, seq: first }, entriesMax);
  const ids = new Set(
    entries.flatMap(({ node_id, from_parent }) => (from_parent === null ? node_id : [node_id, from_parent])),
  );
  const columns = sql`id, parent_id, kind, created_at, trashed_at`;
  const places = await readLineages<Place>(shard, spaceId, [...ids], columns);
  const byId = new Map(places.map((place) => [place.id, place]));
  for (const each of behind) {
    const at = each.positions.get(spaceId);
    if (at === undefined) continue;
    if (at.epoch !== head.epoch || at.seq > head.seq) {
      news.set(each, reset("epoch"));
      continue;
    }
    const targets = new Set(each.shares.map(({ targetId }) => targetId));
    const told = entries.findLast((entry) => entry.seq > at.seq && isWithin(byId, entry, targets));
    const isCut = entries.length === entriesMax && (entries.at(-1)?.seq ?? 0) < head.seq;
    if (told !== undefined) news.set(each, newsOf(told, byId.get(told.node_id)));
    else if (isCut) news.set(each, folderNews(each.shares, entries));
    else each.positions.set(spaceId, head);
  }
  return news;
}

/** Below one of the folders, now or before. */
function isWithin(
  byId: ReadonlyMap<NodeId, Place>,
  { node_id, from_parent }: JournalRow,
  targets: ReadonlySet<NodeId>,
): boolean {
  if (targets.has(node_id)) return false;
  for (const start of [node_id, from_parent]) {
    for (let at = start; at !== null; at = byId.get(at)?.parent_id ?? null) if (targets.has(at)) return true;
  }
  return false;
}

function folderNews([share]: readonly Share[], entries: readonly JournalRow[]): NewestChange {
  const last = entries.at(-1);
  if (share === undefined || last === undefined) throw new HoldfastError("internal", "A poll watches no folder.");
  return { type: "folder_update", nodeId: share.targetId, atMicros: last.at };
}

function newsOf(entry: JournalRow, place: Place | undefined): NewestChange {
  const what = place?.kind === "folder" ? "folder" : "file";
  const isGone = entry.kind === "gone" || place === undefined;
  const isNew = entry.kind === "appeared" || place?.created_at === entry.at;
  const how = isNew ? "create" : "update";
  return { type: `${what}_${isGone ? "delete" : how}`, nodeId: entry.node_id, atMicros: entry.at };
}
