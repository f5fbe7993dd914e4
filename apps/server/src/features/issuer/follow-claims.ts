import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type GroupId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { updateUser } from "../accounts/people/users.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { removeMember, setMember } from "../groups/change-members.ts";
import type { GroupWorld } from "../groups/group-messages.ts";
import type { GroupCaller } from "../groups/group-rights.ts";
import type { Log } from "../../base/operation/log.ts";
import type { Claims } from "./claims.ts";

export interface ClaimsWorld extends AccountWorld, Pick<GroupWorld, "queue"> {
  readonly log: Pick<Log, "warn" | "info">;
}

/** Source of a membership, which may also end it. */
export type ClaimSource = "issuer" | "ldap";

/**
 * Applies the groups and plan that the source reports at sign-in. Memberships from other sources stay. Each membership
 * is recorded before it is added. A failure to add is logged; a failure to remove rejects the sign-in.
 */
export async function followClaims(
  world: ClaimsWorld,
  user: UserRow,
  claims: Pick<Claims, "groups" | "plan">,
  source: ClaimSource,
): Promise<void> {
  if (claims.groups !== null) await followGroups(world, user, new Set(claims.groups as GroupId[]), source);
  if (claims.plan !== null && claims.plan !== user.plan) {
    const { plan } = claims;
    await updateUser(world, user.id, { plan }).catch((error: unknown) => logFailure(world, user.id, { plan }, error));
  }
}

async function followGroups(
  world: ClaimsWorld,
  user: UserRow,
  wanted: ReadonlySet<GroupId>,
  source: ClaimSource,
): Promise<void> {
  const { db } = world.shards.ofId(user.id);
  const { rows } = await sql<{ group_id: GroupId; source: ClaimSource }>`
    select group_id, source from shard.outside_memberships where user_id = ${user.id}`.execute(db);
  const by = (isOurs: boolean) =>
    new Set(rows.filter((row) => (row.source === source) === isOurs).map(({ group_id: id }) => id));
  const [given, byOthers] = [by(true), by(false)];
  const caller = groupKeeper(user);
  for (const groupId of given.difference(wanted)) {
    // Another source gives this membership too, so it stays.
    if (!byOthers.has(groupId)) await unlessGone(removeMember(world, caller, { groupId, userId: user.id }));
    await forget(db, { userId: user.id, groupId, source });
  }
  for (const groupId of wanted.difference(given)) {
    await giveGroup(world, { userId: user.id, groupId, source }, caller, byOthers.has(groupId)).catch(
      (error: unknown) => logFailure(world, user.id, { group_id: groupId }, error),
    );
  }
}

interface Membership {
  readonly userId: UserId;
  readonly groupId: GroupId;
  readonly source: ClaimSource;
}

async function giveGroup(
  world: ClaimsWorld,
  membership: Membership,
  caller: GroupCaller,
  isByOthers: boolean,
): Promise<void> {
  const { userId, groupId, source } = membership;
  const { rows } = await sql`
    select from shard.group_members where group_id = ${groupId} and user_id = ${userId}`.execute(
    world.shards.ofId(groupId).db,
  );
  if (rows.length > 0 && !isByOthers) return;
  const { db } = world.shards.ofId(userId);
  // Recorded first, so that after a crash the next sign-in can still end it.
  await sql`insert into shard.outside_memberships (user_id, group_id, source) values (${userId}, ${groupId}, ${source})
    on conflict do nothing`.execute(db);
  if (rows.length > 0) return;
  try {
    await setMember(world, caller, { groupId, userId, role: "member" });
  } catch (error) {
    await forget(db, membership);
    throw error;
  }
}

async function forget(db: ShardQueries, { userId, groupId, source }: Membership): Promise<void> {
  await sql`delete from shard.outside_memberships
    where user_id = ${userId} and group_id = ${groupId} and source = ${source}`.execute(db);
}

/** Acts as an administrator, because an administrator made the setting. */
function groupKeeper({ id, space_id: spaceId }: UserRow): GroupCaller {
  return { userId: id, spaceId, bucket: bucketOf(id), administrates: true };
}

async function unlessGone(removing: Promise<void>): Promise<void> {
  try {
    await removing;
  } catch (error) {
    if (!(error instanceof HoldfastError && error.code === "not_found")) throw error;
  }
}

function logFailure({ log }: ClaimsWorld, userId: UserId, what: object, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  log.warn(
    { user_id: userId, ...what, reason },
    "the plan, groups or rights from HOLDFAST_OIDC or HOLDFAST_LDAP could not be applied",
  );
}
