import type { HoldfastError } from "@holdfast/core/errors";
import type { NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { JournalRow, NodeRow } from "../../base/db/shard-tables.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import type { JournalPosition } from "../../tree/journal/change-token.ts";
import { readEntries, reset } from "../../tree/journal/journal-position.ts";
import type { NewestChange } from "../../tree/journal/newest-change.ts";
import { changeIn, type GroupsLeft, namedBy, type Share, sightOf } from "../../tree/journal/share-changes.ts";
import { readHead } from "../../tree/journal/start-token.ts";
import type { Actor, Mount } from "../../tree/actor.ts";
import { placeWays, readWays } from "../../tree/read/granted-nodes.ts";
import { loadRightsOfEach } from "../../tree/rights/load-rights.ts";

const entriesAtOnce = 100;
/**
 * Callers further behind are asked to request the changes, which is charged: a poll must not read years of the journal.
 */
const entriesMost = 2000;

export interface Watching {
  readonly caller: Actor;
  /** Cursor's positions, advanced past entries that the caller cannot see. */
  readonly positions: Map<SpaceId, JournalPosition>;
  readonly shares: readonly Share[];
}

/**
 * Finds watchers with changes in their folders of one space, as the change feed would report them. Other changes wake
 * nobody.
 * @returns each watcher's change, or an error for an invalid cursor
 */
export async function findNews<Each extends Watching>(
  shards: Shards,
  spaceId: SpaceId,
  watching: readonly Each[],
): Promise<ReadonlyMap<Each, NewestChange | HoldfastError>> {
  const news = new Map<Each, NewestChange | HoldfastError>();
  const head = await readHead(shards, spaceId);
  const behind = new Set(watching.filter((each) => isBehind(each, head)));
  for (const each of behind) {
    const at = each.positions.get(spaceId);
    const isOfHistory = at === undefined || (at.epoch === head.epoch && at.seq <= head.seq);
    if (isOfHistory && head.seq - (at?.seq ?? head.seq) <= entriesMost) continue;
    news.set(each, isOfHistory ? await somethingNew(shards, head) : reset("epoch"));
    behind.delete(each);
  }
  let seq = Math.min(...[...behind].map(({ positions }) => positions.get(spaceId)?.seq ?? head.seq));
  while (behind.size > 0 && seq < head.seq) {
    const entries = await readEntries(shards.ofId(spaceId), { ...head, seq }, entriesAtOnce);
    for (const [each, change] of await findVisible(shards, spaceId, [...behind], entries)) {
      news.set(each, change);
      behind.delete(each);
    }
    seq = entries.length < entriesAtOnce ? head.seq : (entries.at(-1)?.seq ?? head.seq);
  }
  for (const { positions } of behind) positions.set(spaceId, head);
  return news;
}

function isBehind({ positions }: Watching, head: JournalPosition): boolean {
  const at = positions.get(head.spaceId);
  // A folder that came into view after the cursor is watched from now on.
  if (at === undefined) positions.set(head.spaceId, head);
  return at !== undefined && (at.seq !== head.seq || at.epoch !== head.epoch);
}

/** Finds each watcher's newest visible entry. Reads nodes and grants once for all watchers. */
async function findVisible<Each extends Watching>(
  shards: Shards,
  spaceId: SpaceId,
  watching: readonly Each[],
  entries: readonly JournalRow[],
): Promise<ReadonlyMap<Each, NewestChange>> {
  const shard = shards.ofId(spaceId);
  const ways = await readWays(shard, spaceId, namedBy(entries));
  const named = new Map<NodeId, NodeRow>(ways.map(([own]) => [own.id, own]));
  const onWays = new Set(ways.flatMap((way) => way.map(({ id }) => id)));
  const touched = watching.filter(({ shares }) => shares.some(({ targetId }) => onWays.has(targetId)));
  if (touched.length === 0) return new Map();
  const groups = await readGrantees(shards, touched);
  const rights = await loadRightsOfEach(
    shards,
    spaceId,
    groups.map(({ grantees }) => grantees),
  );
  const visible = new Map<Each, NewestChange>();
  for (const [index, each] of touched.entries()) {
    const { shares, positions } = each;
    const { grantees, left } = groups[index] ?? { grantees: [], left: noGroups };
    const [caller, seq] = [{ ...each.caller, grantees, left }, positions.get(spaceId)?.seq ?? 0];
    const mounts = new Map(shares.map((share) => [`${spaceId} ${share.targetId}`, mountOf(share)]));
    const sight = sightOf(caller, placeWays(ways, { rights: rights[index], mounts, act: "read" }), shares);
    const entry = entries.findLast((one) => one.seq > seq && changeIn(caller, one, sight).length > 0);
    if (entry !== undefined) visible.set(each, newsOf(entry, named.get(entry.node_id)));
  }
  return visible;
}

/** The reported change contains no path. */
function mountOf({ mountId, spaceId, targetId }: Share): Mount {
  return { id: mountId ?? targetId, spaceId, targetId, path: "/" };
}

interface Groups {
  readonly grantees: readonly string[];
  readonly left: GroupsLeft;
}

/** Reads current memberships, because members may leave a group during the poll. Index: primary key. */
async function readGrantees(shards: Shards, watching: readonly Watching[]): Promise<readonly Groups[]> {
  const known = new Map<UserId, { readonly ids: string[]; readonly left: Map<string, number> }>();
  const accounts = watching.flatMap(({ caller }) => (caller.owns ? [caller] : []));
  for (const [shard, some] of Map.groupBy(accounts, ({ bucket }): Shard => shards.of(bucket))) {
    const { rows } = await sql<{ user_id: UserId; group_id: string; is_left: boolean; changed_at: number }>`
      select user_id, group_id, role is null as is_left, changed_at from shard.memberships
      where user_id = any(${uuidArray(some.map(({ userId }) => userId))})`.execute(shard.db);
    for (const { user_id: userId, group_id: groupId, is_left: isLeft, changed_at: atMicros } of rows) {
      const of = known.get(userId) ?? { ids: [] as string[], left: new Map<string, number>() };
      known.set(userId, of);
      if (isLeft) of.left.set(groupId, atMicros);
      else of.ids.push(groupId);
    }
  }
  return watching.map(({ caller: { owns, userId, grantees } }) => {
    if (!owns) return { grantees, left: noGroups };
    const { ids = [], left = noGroups } = known.get(userId) ?? {};
    return { grantees: [userId, ...ids], left };
  });
}

const noGroups: GroupsLeft = new Map();

/** Names no node, because visibility was not checked. */
async function somethingNew(shards: Shards, head: JournalPosition): Promise<NewestChange> {
  const [last] = await readEntries(shards.ofId(head.spaceId), { ...head, seq: head.seq - 1 }, 1);
  return { type: "file_update", nodeId: null, atMicros: last?.at ?? 0 };
}

function newsOf(entry: JournalRow, place: NodeRow | undefined): NewestChange {
  const what = place?.kind === "folder" ? "folder" : "file";
  const isGone = entry.kind === "gone" || place === undefined;
  const isNew = entry.kind === "appeared" || place?.created_at === entry.at;
  const how = isNew ? "create" : "update";
  return { type: `${what}_${isGone ? "delete" : how}`, nodeId: entry.node_id, atMicros: entry.at };
}
