import { isId, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { z } from "zod";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { GrantRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { ArrivalRow } from "../../base/db/transfer-tables.ts";
import { memberPages } from "../groups/deliver-membership.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import { findBelow } from "./below.ts";

export interface Mark {
  readonly user_id: UserId;
  readonly node_id: NodeId;
}

export interface Marks {
  readonly watches: readonly Mark[];
  readonly stars: readonly Mark[];
}

/** Marks of people who keep access: both owners, and grantees that come along, also by group. */
export async function readMarks(
  shards: Shards,
  arrival: ArrivalRow,
  grants: readonly Pick<GrantRow, "kind" | "grantee_id">[],
): Promise<Marks> {
  const { from_space: spaceId, from_node: topId } = arrival;
  const people = await peopleOf(shards, arrival, grants);
  const { db } = shards.ofId(spaceId);
  // Indexes: watches_user, primary key.
  const { rows: watches } = await sql<Mark>`
    select user_id, node_id from shard.watches
    where space_id = ${spaceId} and user_id = any(${uuidArray(people)})`.execute(db);
  const stars: Mark[] = [];
  for (const [shard, some] of Map.groupBy(people, (id) => shards.ofId(id))) {
    const { rows } = await sql<Mark>`
      select user_id, node_id from shard.stars
      where user_id = any(${uuidArray(some)}) and space_id = ${spaceId}`.execute(shard.db);
    stars.push(...rows);
  }
  const below = await findBelow(
    db,
    { spaceId, topId },
    [...watches, ...stars].map((mark) => mark.node_id),
  );
  const isBelow = ({ node_id: id }: Mark) => below.has(id);
  return { watches: watches.filter(isBelow), stars: stars.filter(isBelow) };
}

async function peopleOf(
  shards: Shards,
  { from_id: fromId, user_id: userId }: ArrivalRow,
  grants: readonly Pick<GrantRow, "kind" | "grantee_id">[],
): Promise<UserId[]> {
  const people = new Set<UserId>([fromId, userId]);
  for (const { kind, grantee_id: id } of grants) {
    if (id === null) continue;
    if (kind === "user") people.add(id as UserId);
    if (kind !== "group") continue;
    for await (const members of memberPages(shards, id as Parameters<typeof memberPages>[1])) {
      for (const member of members) people.add(member);
    }
  }
  return [...people];
}

/** Runs in the attaching transaction. Respects the space's watch limit. */
export async function followWatches(
  transaction: ShardQueries,
  spaceId: SpaceId,
  watches: readonly Mark[],
  ids: ReadonlyMap<NodeId, NodeId>,
): Promise<void> {
  const moved = movedOf(watches, ids);
  if (moved.length === 0) return;
  await sql`
    insert into shard.watches (space_id, user_id, node_id)
    select ${spaceId}::uuid, user_id, node_id from (
      select given.*, row_number() over (partition by given.user_id) + (
        select count(*) from shard.watches w where w.space_id = ${spaceId} and w.user_id = given.user_id) as place
      from unnest(${uuidArray(moved.map(({ user_id }) => user_id))}, ${uuidArray(moved.map(({ to }) => to))})
        as given (user_id, node_id)
    ) as wanted where place <= ${limits.watchesMax} on conflict do nothing`.execute(transaction);
  await sql`
    update shard.spaces set watched_seq = seq where id = ${spaceId} and watched_seq is null`.execute(transaction);
}

/** Stars are on their accounts' shards, so messages move them. */
export async function enqueueStars(
  transaction: ShardQueries,
  { from_space: from, space_id: to }: ArrivalRow,
  stars: readonly Mark[],
  ids: ReadonlyMap<NodeId, NodeId>,
): Promise<void> {
  for (const [userId, marks] of Map.groupBy(movedOf(stars, ids), (mark) => mark.user_id)) {
    for (let at = 0; at < marks.length; at += starsAtOnce) {
      const pairs = marks.slice(at, at + starsAtOnce).map((mark) => [mark.node_id, mark.to]);
      const payload = { user_id: userId, from_space: from, to_space: to, pairs };
      await enqueue(transaction, { kind: starsKind, payload });
    }
  }
}

/** Fits into a message of 64 KiB. */
const starsAtOnce = 400;

export const starsKind = "transferred_stars";

const idOf = <Id extends string>() => z.string().refine((text): text is Id => isId(text));

export const starsPayload = z.object({
  user_id: idOf<UserId>(),
  from_space: idOf<SpaceId>(),
  to_space: idOf<SpaceId>(),
  pairs: z.array(z.tuple([idOf<NodeId>(), idOf<NodeId>()])),
});

/** Can be repeated: moved stars are gone. Index: primary key. */
export async function moveStars(shards: Shards, payload: z.output<typeof starsPayload>): Promise<void> {
  const { user_id: userId, from_space: from, to_space: to, pairs } = payload;
  await sql`
    update shard.stars s set space_id = ${to}, node_id = given.new_id
    from unnest(${uuidArray(pairs.map(([id]) => id))}, ${uuidArray(pairs.map(([, id]) => id))}) as given (old_id, new_id)
    where s.user_id = ${userId} and s.space_id = ${from} and s.node_id = given.old_id and not exists (
      select from shard.stars t where t.user_id = ${userId} and t.space_id = ${to} and t.node_id = given.new_id)`.execute(
    shards.ofId(userId).db,
  );
}

function movedOf(marks: readonly Mark[], ids: ReadonlyMap<NodeId, NodeId>): (Mark & { readonly to: NodeId })[] {
  return marks.flatMap((mark) => {
    const to = ids.get(mark.node_id);
    return to === undefined ? [] : [{ ...mark, to }];
  });
}
