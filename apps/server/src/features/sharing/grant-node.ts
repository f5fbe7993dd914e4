import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type GrantId, makeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { GrantRow, NodeRow } from "../../base/db/shard-tables.ts";
import type { Caller } from "../accounts/context/caller.ts";
import { doOnce, type Repeatable } from "../../tree/commit/do-once.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { hasAllBelow, readWaysUp } from "../../tree/rights/given-on.ts";
import { assertMay, type Role, roleMay } from "../../tree/rights/roles.ts";
import { ranks, rightsOf } from "../../tree/rights/space-rights.ts";
import { loadGivers, loadLockedRights } from "../../tree/rights/load-rights.ts";
import { readLineages } from "../../tree/read/lineages.ts";
import { changeRights, findGrant, removeDependents, type RightsChange, shortenDependents } from "./change-rights.ts";
import { assertUnchanged, type IfMatch } from "./assert-unchanged.ts";
import type { SharingWorld } from "./sharing-world.ts";

/** A link is its own grantee. */
export type NewGrant = Pick<GrantRow, "kind" | "grantee_id" | "email" | "email_key" | "role" | "expires_at"> &
  Partial<Pick<GrantRow, "name" | "secret_hash" | "password_hash" | "max_downloads" | "message">> & {
    readonly id?: GrantId;
  };

export interface Granted {
  readonly grant: GrantRow;
  readonly created: boolean;
  /** An address without an account now has a lower role than announced. */
  readonly isLowered?: boolean;
}

export interface GrantConditions {
  /** Never for a link: its token is answered but not stored. */
  readonly once?: Repeatable;
  readonly ifMatch?: IfMatch;
}

/**
 * Replaces the grantee's former role and expiry there.
 * @throws HoldfastError forbidden, invalid_field, limit_reached, precondition
 */
export async function grantNode(
  world: SharingWorld,
  caller: Caller,
  node: PlacedNode,
  grant: NewGrant,
  { once, ifMatch }: GrantConditions = {},
): Promise<Granted> {
  const { row } = node;
  assertMay(node, "share");
  const givers = await loadGivers(world.shards, row.space_id, caller.grantees);
  assertGrantable(node, grant, world.clock.nowMicros());
  return changeRights(world, row.space_id, caller, async (rights) => {
    const give = async (): Promise<Granted> => {
      const via = await findVia(rights, { ...caller, givers }, node, grant.role);
      // After the check of rights, because the error contains the node.
      await assertUnchanged(rights, node, ifMatch);
      const isLowered = await lowersPending(rights, row, grant);
      const before = await findSame(rights, row, grant);
      if (before !== undefined)
        return { grant: await replace(rights, caller, before, grant), created: false, isLowered };
      await assertRoom(rights, row);
      const made = await insert(rights, { ...grant, id: grant.id ?? newGrantId(world, row) }, { row, caller, via });
      await rights.notify(made);
      return { grant: made, created: true, isLowered };
    };
    return once === undefined ? give() : doOnce(rights.transaction, once, give);
  });
}

export function newGrantId({ clock, random }: SharingWorld, { id }: NodeRow): GrantId {
  return makeId<GrantId>(bucketOf(id), clock.nowMs(), random(8));
}

/** @throws HoldfastError invalid_field: links allow no comments, files no uploads */
export function assertLinkRole({ row }: PlacedNode, role: GrantRow["role"] | undefined): void {
  const refuse = (message: string) => new HoldfastError("invalid_field", message, { field: "role" });
  if (role === "commenter") throw refuse("A link's role must be viewer, editor or uploader.");
  if (role === "uploader" && row.kind !== "folder")
    throw refuse("A link with the role uploader needs a folder. Share the file as viewer or editor.");
}

function assertGrantable(node: PlacedNode, { kind, role, expires_at }: NewGrant, nowMicros: number): void {
  const { row } = node;
  const refuse = (message: string, field = "id") => new HoldfastError("invalid_field", message, { field });
  if (row.trashed_at !== null) throw refuse("Items in the trash cannot be shared. Restore the item first.");
  if (row.kind === "mount") throw refuse("This folder was shared with you; share the original folder instead.");
  if (row.kind === "symlink") throw refuse("A symbolic link cannot be shared.");
  if (expires_at !== null && expires_at <= nowMicros) throw refuse("This time has passed.", "expires_at");
  if (kind === "link") assertLinkRole(node, role);
}

/**
 * Grant through which a user re-shares; owners need none.
 * @param givers read before the transaction
 * @throws HoldfastError forbidden
 */
export async function findVia(
  { transaction, space }: RightsChange,
  { userId, grantees, givers }: Pick<Caller, "userId" | "grantees" | "givers">,
  { row }: PlacedNode,
  role: Role,
): Promise<GrantRow | undefined> {
  if (space.owner_id === userId) return undefined;
  const lineage = await readLineages<NodeRow>({ db: transaction }, space.id, [row.id], sql`*`);
  assertEditorsMayShare(lineage);
  const ids = [row.id, ...upFrom(lineage, row)];
  // Covers nearer lower rights and changes since the caller's lookup.
  const rights = await loadLockedRights(transaction, space.id, { grantees, givers });
  const right = rights.nearest(ids);
  if (right?.grantId === undefined || !roleMay(right.role, "share"))
    throw new HoldfastError("forbidden", "You do not have permission to share this.");
  const nodes = rights.ofOwners.map((id) => ({ space_id: space.id, node_id: id }));
  const wayUp = await readWaysUp(transaction, nodes);
  const below = nodes.map(({ node_id: id }) => wayUp(space.id, id)).filter((way) => way.includes(row.id));
  if (!hasAllBelow(rights, below, role)) {
    const message =
      "You have fewer permissions on something in this folder than this role grants. Share a smaller folder, or with a lower role.";
    throw new HoldfastError("forbidden", message);
  }
  return findGrant(transaction, right.grantId);
}

/**
 * @param lineage path up from the node
 * @throws HoldfastError forbidden
 */
export function assertEditorsMayShare(lineage: readonly Pick<NodeRow, "editors_can_share">[]): void {
  if (lineage.every((above) => above.editors_can_share)) return;
  throw new HoldfastError("forbidden", "The owner does not let editors share this.");
}

function upFrom(rows: readonly NodeRow[], row: NodeRow): NodeRow["id"][] {
  const byId = new Map(rows.map((each) => [each.id, each]));
  const ids: NodeRow["id"][] = [];
  for (let at = byId.get(row.id)?.parent_id ?? null; at !== null; at = byId.get(at)?.parent_id ?? null) ids.push(at);
  return ids;
}

async function findSame(
  { transaction, space }: RightsChange,
  { id }: NodeRow,
  { kind, grantee_id, email_key }: NewGrant,
): Promise<GrantRow | undefined> {
  if (kind === "link") return undefined;
  const who = kind === "pending" ? sql`kind = 'pending' and email_key = ${email_key}` : sql`grantee_id = ${grantee_id}`;
  const { rows } = await sql<GrantRow>`
    select * from shard.grants where space_id = ${space.id} and node_id = ${id} and ${who}`.execute(transaction);
  return rows[0];
}

/** Index: grants_email. */
async function lowersPending({ transaction, space }: RightsChange, node: NodeRow, grant: NewGrant): Promise<boolean> {
  if (grant.kind !== "pending") return false;
  const { rows } = await sql<GrantRow>`
    select * from shard.grants
    where space_id = ${space.id} and kind = 'pending' and email_key = ${grant.email_key}`.execute(transaction);
  const wayUp = await readWaysUp(transaction, [{ space_id: space.id, node_id: node.id }]);
  const right = rightsOf(rows).nearest(wayUp(space.id, node.id));
  return right !== undefined && ranks[right.role] > ranks[grant.role];
}

/** @throws HoldfastError forbidden if an editor replaces another user's grant */
async function replace(
  rights: RightsChange,
  caller: Caller,
  before: GrantRow,
  { role, expires_at }: NewGrant,
): Promise<GrantRow> {
  const { transaction, space } = rights;
  if (space.owner_id !== caller.userId && before.created_by !== caller.userId) {
    throw new HoldfastError("forbidden", "Someone else granted this permission: only they or the owner can change it.");
  }
  // The owner's new grant depends on no other grant.
  const isTaken = space.owner_id === caller.userId && before.via !== null;
  if (before.role === role && before.expires_at === expires_at && !isTaken) return before;
  const maker = isTaken ? { via: null, created_by: caller.userId } : {};
  return updateGrant(rights, before, { role, expires_at, ...maker }, transaction);
}

/** Removes re-shared grants if the new role may not share. */
export async function updateGrant(
  rights: RightsChange,
  before: GrantRow,
  change: Partial<
    Pick<GrantRow, "role" | "expires_at" | "name" | "password_hash" | "max_downloads" | "via" | "created_by">
  >,
  transaction = rights.transaction,
): Promise<GrantRow> {
  const asked = { ...before, ...change };
  const next = { ...asked, expires_at: await endOf(rights, asked) };
  await sql`
    update shard.grants set role = ${next.role}, expires_at = ${next.expires_at}, name = ${next.name},
      password_hash = ${next.password_hash}, max_downloads = ${next.max_downloads}, via = ${next.via},
      created_by = ${next.created_by}
    where space_id = ${before.space_id} and id = ${before.id}`.execute(transaction);
  if (before.role === "editor" && next.role !== "editor") await removeDependents(rights, before);
  else if (next.expires_at !== null) await shortenDependents(rights, next);
  await rights.notify(next, before);
  return next;
}

/** A grant does not outlast its giver's. */
async function endOf({ transaction }: RightsChange, { space_id, via, expires_at }: GrantRow): Promise<number | null> {
  if (via === null) return expires_at;
  const { rows } = await sql<Pick<GrantRow, "expires_at">>`
    select expires_at from shard.grants where space_id = ${space_id} and id = ${via}`.execute(transaction);
  return earliest(expires_at, rows[0]?.expires_at ?? null);
}

function earliest(...times: readonly (number | null)[]): number | null {
  const ends = times.filter((time) => time !== null);
  return ends.length === 0 ? null : Math.min(...ends);
}

async function assertRoom({ transaction, space }: RightsChange, { id }: NodeRow): Promise<void> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (
      select from shard.grants where space_id = ${space.id} and node_id = ${id} limit ${limits.grantsPerNodeMax}
    ) g`.execute(transaction);
  if ((rows[0]?.count ?? 0) < limits.grantsPerNodeMax) return;
  throw new HoldfastError("invalid_field", `A node has at most ${limits.grantsPerNodeMax} permissions. Use a group.`, {
    field: "id",
  });
}

async function insert(
  { transaction, nowMicros }: RightsChange,
  grant: NewGrant & { readonly id: GrantId },
  { row, caller, via }: { readonly row: NodeRow; readonly caller: Caller; readonly via: GrantRow | undefined },
): Promise<GrantRow> {
  const granteeId = grant.kind === "link" ? grant.id : grant.grantee_id;
  const expiresAt = earliest(grant.expires_at, via?.expires_at ?? null);
  const { rows } = await sql<GrantRow>`
    insert into shard.grants (space_id, id, node_id, kind, grantee_id, email, email_key, role, via, created_by, created_at,
      expires_at, name, secret_hash, password_hash, max_downloads, message)
    values (${row.space_id}, ${grant.id}, ${row.id}, ${grant.kind}, ${granteeId}, ${grant.email}, ${grant.email_key},
      ${grant.role}, ${via?.id ?? null}, ${caller.userId}, ${nowMicros},
      ${expiresAt}, ${grant.name ?? null}, ${grant.secret_hash ?? null},
      ${grant.password_hash ?? null}, ${grant.max_downloads ?? null}::int8, ${grant.message ?? null})
    returning *`.execute(transaction);
  const [made] = rows;
  if (made === undefined) throw new HoldfastError("internal", "A permission was not written.");
  return made;
}
