import { HoldfastError } from "@holdfast/core/errors";
import { type GrantId, isId, type NodeId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { GrantRow, NodeRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Caller } from "../accounts/context/caller.ts";
import type { Actor } from "../../tree/actor.ts";
import { doOnce } from "../../tree/commit/do-once.ts";
import { readLineages } from "../../tree/read/lineages.ts";
import { findLockedNode } from "../../tree/read/locked-node.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { readWaysUp } from "../../tree/rights/given-on.ts";
import { isLimiting } from "../../tree/rights/limiting-grants.ts";
import { loadGivers, readGrants } from "../../tree/rights/load-rights.ts";
import { assertMay, roleMay } from "../../tree/rights/roles.ts";
import type { LiveGrant } from "../../tree/rights/space-rights.ts";
import { changeRights, findGrant, noSuchPermission, removeGrants, type RightsChange } from "./change-rights.ts";
import { assertUnchanged } from "./assert-unchanged.ts";
import { assertEditorsMayShare, assertLinkRole, findVia, type GrantConditions, updateGrant } from "./grant-node.ts";
import { isOfApp } from "./is-of-app.ts";
import { namesOf } from "./people.ts";
import type { SharingWorld } from "./sharing-world.ts";

/**
 * Includes inherited ones as far up as the caller can read. Index: grants_grantee_once.
 * @throws HoldfastError forbidden
 */
export async function listPermissions(
  { shards, clock }: SharingWorld,
  caller: Caller,
  node: PlacedNode,
): Promise<PermissionJson[]> {
  assertMay(node, "share");
  const { row } = node;
  const shard = shards.ofId(row.space_id);
  const way = await readShareableWay(shards, node);
  const visible = await findNodes(
    shards,
    caller,
    way.map(({ id }) => id),
  );
  const ids = [...visible.values()].filter((each) => roleMay(each.role, "share")).map((each) => each.row.id);
  const { rows } = await sql<GrantRow>`
    select g.* from unnest(${uuidArray(ids)}) as asked (id) cross join lateral (
      select * from shard.grants where space_id = ${row.space_id} and node_id = asked.id
      order by created_at, id limit ${limits.grantsPerNodeMax} offset 0) g`.execute(shard.db);
  const live = rows.filter(({ expires_at }) => expires_at === null || expires_at > clock.nowMicros());
  // Only owners see grants of app passwords.
  const shown = node.role === "owner" ? live : live.filter((grant) => !isOfApp(grant));
  return permissionsJson(shards, shown, { at: row.id });
}

/** @throws HoldfastError forbidden for an editor whom the owner does not let share */
async function readShareableWay(
  shards: Shards,
  { row, role }: PlacedNode,
): Promise<readonly Pick<NodeRow, "id" | "editors_can_share">[]> {
  const columns = sql`space_id, id, parent_id, editors_can_share`;
  const shard = shards.ofId(row.space_id);
  const way = await readLineages<Pick<NodeRow, "id" | "editors_can_share">>(shard, row.space_id, [row.id], columns);
  if (role !== "owner") assertEditorsMayShare(way);
  return way;
}

export interface PermissionWords {
  /** Requested node: permissions of other nodes are inherited. */
  readonly at?: NodeId;
  /** Adds the grantee's current name and address. */
  readonly isNamed?: boolean;
}

export async function permissionsJson(
  shards: Shards,
  grants: readonly GrantRow[],
  { at, isNamed = true }: PermissionWords = {},
): Promise<PermissionJson[]> {
  const names = isNamed ? await namesOf(shards, grants) : new Map<string, never>();
  return grants.map((grant) => {
    const { id, node_id, kind, grantee_id, email, role, expires_at, created_by, created_at, name } = grant;
    const person = grantee_id === null ? undefined : names.get(grantee_id);
    const isLink = kind === "link";
    return {
      id,
      node_id,
      grantee: {
        kind,
        ...(grantee_id === null || isLink ? {} : { id: grantee_id }),
        ...((person?.email ?? email) === null ? {} : { email: person?.email ?? email ?? "" }),
        ...((person?.name ?? name) === null ? {} : { name: person?.name ?? name ?? "" }),
      },
      role,
      expires_at: expires_at === null ? null : formatTime(expires_at),
      created_by,
      created_at: formatTime(created_at),
      ...(isLink
        ? {
            has_password: grant.password_hash !== null,
            max_downloads: grant.max_downloads,
            downloads: grant.downloads,
            // Absent in stored answers of earlier versions.
            last_used_at: grant.last_used_at == null ? null : formatTime(grant.last_used_at),
            ...(grant.disabled_at === null ? {} : { disabled: true as const }),
            ...(isOfApp(grant) ? { app: true as const } : {}),
          }
        : {}),
      ...(at === undefined || at === node_id ? {} : { inherited_from: node_id }),
    };
  });
}

export type PermissionChange = Partial<
  Pick<GrantRow, "role" | "expires_at" | "name" | "password_hash" | "max_downloads">
>;

/** @throws HoldfastError not_found, forbidden, invalid_field */
export async function changePermission(
  world: SharingWorld,
  caller: Caller,
  id: string,
  change: PermissionChange,
  { once, ifMatch }: GrantConditions = {},
): Promise<GrantRow> {
  const { grant, node } = await findOwnGrant(world, caller, id);
  const isLink = grant.kind === "link";
  if (isOfApp(grant) && Object.entries(change).some(([field, value]) => field !== "name" && value !== undefined)) {
    throw new HoldfastError(
      "forbidden",
      "This permission belongs to an app password. Delete it or replace it with another one.",
    );
  }
  if (!isLink && (change.password_hash !== undefined || change.max_downloads !== undefined)) {
    const field = change.password_hash === undefined ? "max_downloads" : "password";
    throw new HoldfastError("invalid_field", "Only links have this option.", { field });
  }
  if (isLink && node !== undefined) assertLinkRole(node, change.role);
  const givers = await loadGivers(world.shards, grant.space_id, caller.grantees);
  return changeRights(world, grant.space_id, caller, async (rights) => {
    const act = async () => {
      const now = await findGrant(rights.transaction, id);
      if (node !== undefined) {
        assertMade(rights, caller, now);
        await findVia(rights, { ...caller, givers }, node, change.role ?? grant.role);
        // Runs after the checks of rights here and below, because the error contains the node.
        await assertUnchanged(rights, node, ifMatch);
      }
      return withoutSecrets(await updateGrant(rights, now, change));
    };
    return once === undefined ? act() : doOnce(rights.transaction, once, act);
  });
}

/** Finds a link that the caller may change. @throws HoldfastError not_found, forbidden, invalid_field */
export async function findOwnLink(world: SharingWorld, caller: Caller, id: string): Promise<GrantRow> {
  const { grant, node } = await findOwnGrant(world, caller, id);
  if (grant.kind !== "link" || isOfApp(grant))
    throw new HoldfastError("invalid_field", "This permission is not a link.", { field: "id" });
  if (node !== undefined) await readShareableWay(world.shards, node);
  return grant;
}

/** Stored answer: secret and password only as flags. */
function withoutSecrets(grant: GrantRow): GrantRow {
  const none = Buffer.alloc(0);
  return {
    ...grant,
    secret_hash: grant.secret_hash === null ? null : none,
    password_hash: grant.password_hash === null ? null : "",
  };
}

/**
 * A leaving grantee also loses their own grants below.
 * @throws HoldfastError not_found, forbidden, also if a leaving grantee's role would rise
 */
export async function removePermission(
  world: SharingWorld,
  caller: Caller,
  id: string,
  { once, ifMatch }: GrantConditions = {},
): Promise<void> {
  const { grant, node } = await findOwnGrant(world, caller, id, true);
  const givers = await loadGivers(world.shards, grant.space_id, caller.grantees);
  await changeRights(world, grant.space_id, caller, async (rights) => {
    const act = async () => {
      const now = await findGrant(rights.transaction, id);
      if (node !== undefined) {
        await assertMayRemove(rights, { ...caller, givers }, now);
        await assertUnchanged(rights, node, ifMatch);
      }
      await removeGrants(rights, node === undefined ? await findLeft(rights, caller, now) : [now.id]);
    };
    await (once === undefined ? act() : doOnce(rights.transaction, once, act));
  });
}

/**
 * The grantee's own grants at and below the node, except lower ones that limit the rest.
 * @throws HoldfastError forbidden
 */
async function findLeft({ transaction, space }: RightsChange, caller: Actor, grant: GrantRow): Promise<GrantId[]> {
  const sought = { grantees: caller.grantees, spaceId: space.id, despiteSuspension: true };
  const held = await readGrants(transaction, sought);
  const wayUp = await readWaysUp(transaction, held);
  const wayOf = ({ node_id: id }: LiveGrant) => wayUp(space.id, id);
  const isLeft = (each: LiveGrant) => each.grantee_id === caller.userId && wayOf(each).includes(grant.node_id);
  const kept = Map.groupBy(
    held.filter((each) => !isLeft(each)),
    (each) => each.node_id,
  );
  const left = new Set([grant.id]);
  // Top down, because a kept grant affects those below.
  for (const each of held.filter(isLeft).toSorted((one, other) => wayOf(one).length - wayOf(other).length)) {
    if (!isLimiting(each, kept, wayUp)) left.add(each.id);
    else if (each.id === grant.id) {
      throw new HoldfastError(
        "forbidden",
        "This permission limits what you may do here. Only the owner can remove it.",
      );
    } else kept.set(each.node_id, [...(kept.get(each.node_id) ?? []), each]);
  }
  return [...left];
}

/**
 * Rechecks under the lock, because the owner may have replaced the grant or lowered its giver.
 * @throws HoldfastError forbidden, not_found
 */
async function assertMayRemove(rights: RightsChange, caller: Actor, grant: GrantRow): Promise<void> {
  const { transaction, space } = rights;
  if (space.owner_id === caller.userId) return;
  assertMade(rights, caller, grant);
  const { role } = await findLockedNode(transaction, space.id, caller, grant.node_id);
  if (!roleMay(role, "share")) throw noSuchPermission();
}

/** @throws HoldfastError forbidden */
function assertMade({ space }: RightsChange, { userId }: Pick<Actor, "userId">, grant: GrantRow): void {
  if (space.owner_id === userId || grant.created_by === userId) return;
  throw grantedByOther();
}

function grantedByOther(): HoldfastError {
  return new HoldfastError("forbidden", "Someone else granted this permission: only they or the owner can change it.");
}

/**
 * Permission that the caller may change: any for the owner, otherwise the caller's own valid grants to others.
 * @param leaving also accepts the caller's own permission
 */
async function findOwnGrant(
  { shards }: SharingWorld,
  caller: Caller,
  id: string,
  leaving = false,
): Promise<{ readonly grant: GrantRow; readonly node?: PlacedNode }> {
  if (!isId(id)) throw noSuchPermission();
  const grant = await findGrant(shards.ofId(id as UserId).db, id);
  if (leaving && grant.grantee_id === caller.userId) return { grant };
  const node = (await findNodes(shards, caller, [grant.node_id])).get(grant.node_id);
  if (node === undefined || node.row.space_id !== grant.space_id) throw noSuchPermission();
  if (node.role === "owner") return { grant, node };
  if (!roleMay(node.role, "share")) throw noSuchPermission();
  if (grant.created_by === caller.userId) return { grant, node };
  throw grantedByOther();
}
