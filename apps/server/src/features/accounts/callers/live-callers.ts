import {
  bucketOf,
  type GroupId,
  type NodeId,
  type SessionId,
  type SpaceId,
  type TokenId,
  type UserId,
} from "@holdfast/core/ids";
import type { Scope } from "@holdfast/protocol/account-routes";
import { administratorScopes } from "@holdfast/protocol/scopes";
import { sql } from "kysely";
import { keyed } from "../../../base/db/database.ts";
import type { Caller } from "../context/caller.ts";
import { accessOf, accessRules, boundBy } from "./access-rules.ts";
import { findLiveLink, linkCaller } from "./link-callers.ts";
import { type CredentialWorld, isOverdue } from "../context/overdue.ts";
import { isProofOld } from "./session-proof.ts";

const sessionScopes: readonly Scope[] = ["files:read", "files:write", "account"];

const receives = sql<boolean>`exists (select from shard.received where grantee_id = u.id)`.as("receives");
const groupIds = sql<GroupId[]>`array(
  select m.group_id from shard.memberships m where m.user_id = u.id and m.role is not null)`.as("group_ids");

/** Returns the current caller of a credential that was proved before; undefined after its end. */
export async function findLiveCaller(
  world: CredentialWorld,
  credential: Caller["credential"],
): Promise<Caller | undefined> {
  if (credential.kind === "session") return (await findLiveSession(world, credential.id))?.caller;
  if (credential.kind === "token") return (await findLiveToken(world, credential.id))?.caller;
  const link = await findLiveLink(world, credential.id);
  return link === undefined ? undefined : linkCaller(link);
}

/**
 * Returns a caller's current state during a long request: with current requirements, without new scopes.
 * @returns undefined if the credential has ended or the link's password was changed
 */
export async function findCallerAgain(world: CredentialWorld, caller: Caller): Promise<Caller | undefined> {
  const now = await findLiveCaller(world, caller.credential);
  if (now === undefined || stampOf(now) !== stampOf(caller)) return undefined;
  const { access: _, ...proved } = caller;
  return {
    ...proved,
    ...(now.access === undefined ? {} : { access: now.access }),
    ...(now.lacksProof === true ? { lacksProof: true } : {}),
    ...(now.suspendedAtMicros === undefined ? {} : { suspendedAtMicros: now.suspendedAtMicros }),
    admin: caller.admin && now.admin,
    scopes: caller.scopes.intersection(now.scopes),
    groupIds: now.groupIds,
    grantees: now.grantees,
    receives: now.receives,
  };
}

function stampOf({ credential }: Caller): string | undefined {
  return credential.kind === "link" ? credential.stamp : undefined;
}

export interface LiveSession {
  readonly caller: Caller;
  /** Number of the valid refresh token. `isNumberUsed`: something issued with it was used. */
  readonly number: number;
  readonly isNumberUsed: boolean;
  readonly lastSeenAt: number | null;
  readonly kind: "command" | "sync" | "browser" | null;
}

export async function findLiveSession(world: CredentialWorld, id: SessionId): Promise<LiveSession | undefined> {
  const { shards, clock } = world;
  const row = await shards
    .ofId(id)
    .db.selectFrom("shard.sessions as s")
    .innerJoin("shard.users as u", "u.id", "s.user_id")
    .innerJoin("shard.devices as d", (join) =>
      join.onRef("d.user_id", "=", "s.user_id").onRef("d.id", "=", "s.device_id"),
    )
    .leftJoin("shard.suspensions as h", (join) =>
      join.onRef("h.user_id", "=", "s.user_id").onRef("h.device_id", "=", "s.device_id"),
    )
    .select(["u.id as userId", "u.space_id", "u.root_id", "u.admin", "u.disabled_at"])
    .select(receives)
    .select([
      "s.device_id",
      "s.number",
      "s.number_used",
      "s.expires_at",
      "s.proven_at",
      "d.last_seen_at",
      "d.browser",
      "d.kind",
      "h.since as suspended_at",
    ])
    .select(groupIds)
    .select(accessRules)
    .select(isOverdue(world).as("overdue"))
    .where("s.id", "=", id)
    .modifyEnd(keyed)
    .executeTakeFirst();
  if (row === undefined || row.disabled_at !== null || row.expires_at <= clock.nowMicros()) return undefined;
  if (row.overdue) return undefined;
  const { lists, access } = boundBy(accessOf(row.access_rules, clock.nowMicros()));
  const caller: Caller = {
    ...ownerOf(row),
    ...access,
    deviceId: row.device_id,
    braked: !row.browser,
    ...(row.suspended_at === null ? {} : { suspendedAtMicros: row.suspended_at }),
    credential: { kind: "session", id, ...lists },
    ...(isProofOld(world, row.proven_at) ? { lacksProof: true } : {}),
    scopes: new Set<Scope>(row.admin ? [...sessionScopes, "admin"] : sessionScopes),
  };
  return { caller, number: row.number, isNumberUsed: row.number_used, lastSeenAt: row.last_seen_at, kind: kindOf(row) };
}

/** Earlier versions report only browsers. */
export function kindOf({
  kind,
  browser,
}: {
  kind?: LiveSession["kind"] | undefined;
  browser: boolean;
}): LiveSession["kind"] {
  return browser ? "browser" : (kind ?? null);
}

export interface LiveToken {
  readonly caller: Caller;
  readonly secretHash: Buffer;
  readonly lastUsedAt: number | null;
}

export async function findLiveToken(world: CredentialWorld, id: TokenId): Promise<LiveToken | undefined> {
  const { shards, clock } = world;
  const row = await shards
    .ofId(id)
    .db.selectFrom("shard.tokens as t")
    .innerJoin("shard.users as u", "u.id", "t.user_id")
    .select(["u.id as userId", "u.space_id", "u.root_id", "u.admin", "u.disabled_at"])
    .select(receives)
    .select(["t.secret_hash", "t.scopes", "t.expires_at", "t.last_used_at", "t.app", "t.grant_id"])
    .select(groupIds)
    .select(accessRules)
    .select(isOverdue(world).as("overdue"))
    .where("t.id", "=", id)
    .modifyEnd(keyed)
    .executeTakeFirst();
  if (row === undefined || row.disabled_at !== null || row.overdue) return undefined;
  if (row.expires_at !== null && row.expires_at <= clock.nowMicros()) return undefined;
  const found = { secretHash: row.secret_hash, lastUsedAt: row.last_used_at };
  if (row.grant_id !== null) {
    // Without a live link the token sees nothing.
    const link = await findLiveLink({ shards, clock }, row.grant_id);
    return link === undefined
      ? undefined
      : { caller: { ...linkCaller(link), isApp: true, isAnonymous: false, ofAccount: row.userId }, ...found };
  }
  const { lists, access } = boundBy(accessOf(row.access_rules, clock.nowMicros()));
  const caller: Caller = {
    ...ownerOf(row),
    ...access,
    deviceId: null,
    credential: { kind: "token", id, ...lists },
    ...(row.app ? { isApp: true } : {}),
    ...(row.scopes.includes("files:read") ? {} : { writesOnly: true }),
    scopes: new Set(row.scopes.filter((scope) => row.admin || !administratorScopes.has(scope))),
  };
  return { caller, ...found };
}

interface OwnerRow {
  readonly userId: UserId;
  readonly space_id: SpaceId;
  readonly root_id: NodeId;
  readonly admin: boolean;
  readonly receives: boolean;
  readonly group_ids: readonly GroupId[];
}

function ownerOf(row: OwnerRow) {
  return {
    userId: row.userId,
    bucket: bucketOf(row.userId),
    spaceId: row.space_id,
    rootId: row.root_id,
    owns: true,
    grantees: [row.userId, ...row.group_ids],
    receives: row.receives || row.group_ids.length > 0,
    admin: row.admin,
    groupIds: row.group_ids,
  };
}
