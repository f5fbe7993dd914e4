import { HoldfastError } from "@holdfast/core/errors";
import type { GrantId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { z } from "zod";
import { inTransaction } from "../../base/db/database.ts";
import { ownerStateKind } from "../accounts/people/users.ts";
import type { GrantRow, NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { readLineages } from "../../tree/read/lineages.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import type { Kinds } from "../../base/queue/kind.ts";
import { readWaysUp } from "../../tree/rights/given-on.ts";
import { dropLapsed, readGrants } from "../../tree/rights/load-rights.ts";
import { ranks, rightsOf } from "../../tree/rights/space-rights.ts";
import { notify } from "../notifications/notify.ts";
import { changeRights, type GrantAt, removeGrants, serverOf } from "./change-rights.ts";
import { endLapsed, findGivenOnBy } from "./end-given-on.ts";
import { findMounters } from "./mounters.ts";
import { findActor, mountFolder, reviewMounts } from "./mounts.ts";
import type { SharingWorld } from "./sharing-world.ts";

const grantMessage = z.object({
  grantId: z.string().transform((text) => text as GrantId),
  spaceId: z.string().transform((text) => text as SpaceId),
  nodeId: z.string().transform((text) => text as NodeId),
  kind: z.enum(["user", "group"]),
  granteeId: z.string(),
});
type GrantMessage = z.output<typeof grantMessage>;

const movedMessage = z.object({
  spaceId: z.string().transform((text) => text as SpaceId),
  nodeIds: z.array(z.string().transform((text) => text as NodeId)),
  /** Accounts and groups whose rights the move may have changed; undefined: all with any rights. */
  above: z.array(z.string()).optional(),
});

const ownerMessage = z.object({ user_id: z.string().transform((text) => text as UserId) });

const mountsMessage = z.object({
  userId: z.string().transform((text) => text as UserId),
  spaceId: z.string().transform((text) => text as SpaceId),
});

const expiryMessage = grantMessage.pick({ grantId: true, spaceId: true });

/** Each effect follows the current rows, so it can run twice and late. */
export function sharingKinds(world: () => SharingWorld): Kinds {
  return {
    grant: {
      schema: grantMessage,
      work: async (payload) => deliver(world(), payload as GrantMessage),
    },
    grants_moved: {
      schema: movedMessage,
      work: async (payload) => reviewMoved(world(), payload as z.output<typeof movedMessage>),
    },
    mounts_review: {
      schema: mountsMessage,
      work: async (payload) => {
        const { userId, spaceId } = payload as z.output<typeof mountsMessage>;
        await reviewMounts(world(), userId, spaceId, { hasChangedRights: false });
      },
    },
    [ownerStateKind]: {
      schema: ownerMessage,
      work: async (payload) => reviewOwner(world(), (payload as z.output<typeof ownerMessage>).user_id),
    },
    grant_expiry: {
      schema: expiryMessage,
      work: async (payload) => expire(world(), payload as z.output<typeof expiryMessage>),
    },
  };
}

async function deliver(world: SharingWorld, { grantId, spaceId, nodeId, granteeId }: GrantMessage): Promise<void> {
  const { shards } = world;
  const { rows } = await sql<GrantRow>`
    select * from shard.grants
    where space_id = ${spaceId} and id = ${grantId} and grantee_id = ${granteeId}`.execute(shards.ofId(spaceId).db);
  const grant = rows[0];
  const pointers = shards.ofId(granteeId as UserId).db;
  const isNew = grant !== undefined && (await addPointer(world, pointers, grant));
  if (isNew) world.queue.kick(shards.ofId(granteeId as UserId));
  if (grant === undefined) {
    await sql`delete from shard.received where grantee_id = ${granteeId} and grant_id = ${grantId}`.execute(pointers);
  }
  await endLapsed(world, spaceId);
  for await (const userId of membersOf(shards, granteeId)) {
    await reviewMounts(world, userId, spaceId);
    if (isNew && grant.kind === "group" && !(await lowers(world, userId, grant))) {
      await notifyShared(shards.ofId(userId).db, userId, grant);
      world.queue.kick(shards.ofId(userId));
    }
    if (isNew) await mountIfWanted(world, userId, nodeId);
  }
}

/** Notifies the account in the transaction that makes the share visible, and thus once. */
async function addPointer(world: SharingWorld, db: ShardQueries, grant: GrantRow): Promise<boolean> {
  const { kind, grantee_id, id, space_id, node_id } = grant;
  const isNotified = kind === "user" && !(await lowers(world, grantee_id as UserId, grant));
  return inTransaction(db, async (transaction) => {
    const { rows } = await sql`
      insert into shard.received (grantee_id, grant_id, space_id, node_id)
      values (${grantee_id}, ${id}, ${space_id}, ${node_id}) on conflict do nothing returning grant_id`.execute(
      transaction,
    );
    if (rows.length > 0 && isNotified) await notifyShared(transaction, grantee_id as UserId, grant);
    return rows.length > 0;
  });
}

/** Such a grant removes rights or adds none. @returns true if the account may do more at the node without it */
async function lowers({ shards }: SharingWorld, userId: UserId, grant: GrantRow): Promise<boolean> {
  const actor = await findActor(shards, userId);
  if (actor === undefined) return false;
  const { id, space_id: spaceId, node_id: nodeId, role } = grant;
  const { db } = shards.ofId(spaceId);
  const despiteSuspension = true;
  const all = await readGrants(db, { grantees: actor.grantees, spaceId, despiteSuspension });
  const others = await dropLapsed(
    shards,
    db,
    all.filter((each) => each.id !== id),
    { despiteSuspension },
  );
  const wayUp = await readWaysUp(db, [grant]);
  const right = rightsOf(others).nearest(wayUp(spaceId, nodeId));
  return right !== undefined && ranks[right.role] > ranks[role];
}

function notifyShared(transaction: ShardQueries, userId: UserId, grant: GrantRow): Promise<void> {
  const { node_id: nodeId, created_by: actor, created_at: atMicros, role, message } = grant;
  const detail = message === null ? { role } : { role, message };
  return notify(transaction, { userId, kind: "share", actor, nodeId, atMicros, detail });
}

const membersAtOnce = 1000;

async function* membersOf(shards: Shards, granteeId: string): AsyncGenerator<UserId> {
  const { db } = shards.ofId(granteeId as UserId);
  const { rows: groups } = await sql`select from shard.groups where id = ${granteeId}`.execute(db);
  if (groups.length === 0) yield granteeId as UserId;
  let after: UserId | null = null;
  do {
    const { rows }: { rows: { user_id: UserId }[] } = await sql<{ user_id: UserId }>`
      select user_id from shard.group_members
      where group_id = ${granteeId} and (${after}::uuid is null or user_id > ${after}::uuid)
      order by user_id limit ${membersAtOnce}`.execute(db);
    for (const { user_id: userId } of rows) yield userId;
    after = rows.length < membersAtOnce ? null : (rows.at(-1)?.user_id ?? null);
  } while (after !== null);
}

/** Mounts under a free name in the root, if the account wants that. */
export async function mountIfWanted(world: SharingWorld, userId: UserId, nodeId: NodeId): Promise<void> {
  const { rows } = await sql`select from shard.users where id = ${userId} and auto_mount`.execute(
    world.shards.ofId(userId).db,
  );
  const actor = rows.length === 0 ? undefined : await findActor(world.shards, userId);
  if (actor === undefined) return;
  const node = (await findNodes(world.shards, actor, [nodeId])).get(nodeId);
  if (node?.row.kind !== "folder" || node.row.trashed_at !== null) return;
  try {
    await mountFolder(world, actor, { nodeId, place: { name: node.row.name }, base: { onConflict: "rename" } });
  } catch (error) {
    // Already visible by another mount or by this message.
    if (!(error instanceof HoldfastError) || error.code !== "conflict") throw error;
  }
}

/** Nodes moved, appeared or went, so users with rights at or below them may now see other things. */
async function reviewMoved(
  world: SharingWorld,
  { spaceId, nodeIds, above }: z.output<typeof movedMessage>,
): Promise<void> {
  const shard = world.shards.ofId(spaceId);
  const { rows: grants } = await sql<GrantAt & Pick<GrantRow, "id" | "kind"> & { via_at: NodeId | null }>`
    select g.id, g.node_id, g.kind, g.grantee_id, g.role, v.node_id as via_at from shard.grants g
    left join shard.grants v on v.space_id = g.space_id and v.id = g.via
    where g.space_id = ${spaceId}`.execute(shard.db);
  const moved = new Set(nodeIds);
  const ids = [...new Set(grants.map(({ node_id }) => node_id))];
  const rows = await readLineages<Pick<NodeRow, "id" | "parent_id">>(shard, spaceId, ids, sql`id, parent_id`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const wayUp = (id: NodeId): NodeId[] => {
    const way: NodeId[] = [];
    for (let at: NodeId | null = id; at !== null; at = byId.get(at)?.parent_id ?? null) way.push(at);
    return way;
  };
  const touched = grants.filter(({ node_id }) => wayUp(node_id).some((id) => moved.has(id)));
  // Re-shared grants at nodes outside their giver's rights.
  const apart = touched.filter(({ node_id, via_at }) => via_at !== null && !wayUp(node_id).includes(via_at));
  if (apart.length > 0) {
    const ended = apart.map(({ id }) => id);
    await changeRights(world, spaceId, serverOf(spaceId), async (rights) => void (await removeGrants(rights, ended)));
  }
  // Re-shared grants whose neighboring rights are now at other folders.
  const below = touched.filter(({ node_id, kind, via_at }) => via_at !== null && isPerson(kind) && !moved.has(node_id));
  if (below.length > 0) {
    await changeRights(world, spaceId, serverOf(spaceId), async ({ notifyDevices }) => {
      for (const at of below) notifyDevices(at);
    });
  }
  await endLapsed(world, spaceId);
  const grantees = new Set(touched.flatMap(({ kind, grantee_id }) => (isPerson(kind) ? [grantee_id ?? ""] : [])));
  // Their rights may come from further up.
  const concerned = new Set(await findMounters(shard, spaceId, moved));
  for (const granteeId of grantees) {
    for await (const userId of membersOf(world.shards, granteeId)) concerned.add(userId);
  }
  // Re-shared rights depend on the giver's, which may come from above.
  const givenOn = touched.flatMap(({ via_at, grantee_id }) => (via_at === null ? [] : (grantee_id ?? [])));
  const changed = new Set<UserId>();
  for (const granteeId of above === undefined ? [] : new Set([...above, ...givenOn])) {
    for await (const userId of membersOf(world.shards, granteeId)) changed.add(userId);
  }
  for (const userId of concerned) {
    await reviewMounts(world, userId, spaceId, { hasChangedRights: above === undefined || changed.has(userId) });
  }
}

/** Notifies all who see an account's nodes, or others' through it, after a suspension or restoration. */
async function reviewOwner(world: SharingWorld, ownerId: UserId): Promise<void> {
  const { rows } = await sql<{ spaceId: SpaceId; granteeId: string }>`
    select distinct g.space_id as "spaceId", g.grantee_id as "granteeId"
    from shard.spaces s join shard.grants g on g.space_id = s.id
    where s.owner_id = ${ownerId} and g.kind in ('user', 'group')`.execute(world.shards.ofId(ownerId).db);
  for (const { spaceId, granteeId } of [...rows, ...(await findGivenOnBy(world, ownerId))]) {
    for await (const userId of membersOf(world.shards, granteeId)) {
      await reviewMounts(world, userId, spaceId, { isBack: true });
    }
  }
}

/** Removes the grant after its expiry, which may have been postponed. */
async function expire(world: SharingWorld, { grantId, spaceId }: z.output<typeof expiryMessage>): Promise<void> {
  await changeRights(world, spaceId, serverOf(spaceId), async (rights) => {
    const { rows } = await sql<GrantRow>`
      select * from shard.grants where space_id = ${spaceId} and id = ${grantId}`.execute(rights.transaction);
    const grant = rows[0];
    if (grant?.expires_at == null || grant.expires_at > rights.nowMicros) return;
    await removeGrants(rights, [grantId]);
  });
}

function isPerson(kind: GrantRow["kind"]): boolean {
  return kind === "user" || kind === "group";
}
