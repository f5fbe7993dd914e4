import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type GroupId, type SessionId, type TokenId } from "@holdfast/core/ids";
import type { Scope } from "@holdfast/protocol/account-routes";
import { sql } from "kysely";
import { type AccessClaims, readAccessToken } from "./access-token.ts";
import type { AccountWorld } from "./account-world.ts";
import type { Caller } from "./caller.ts";
import { isOfLink, proveLink } from "./link-callers.ts";
import { digestOf, isSame, parsePersonalToken } from "./secret-token.ts";

/** When a device or token was last seen is kept to the minute, so that a busy one does not write with every request. */
const seenGrainMicros = 60_000_000;
const sessionScopes: readonly Scope[] = ["files:read", "files:write", "account"];
const verifiedTokensMax = 10_000;

/** Whether anything was ever shared with the user. By the primary key. */
const receives = sql<boolean>`exists (select from shard.received where grantee_id = u.id)`.as("receives");
/** Of the user `u`, served by the primary key: in the statement that proves the credential, since every request asks. */
const groupIds = sql<GroupId[]>`array(
  select m.group_id from shard.memberships m where m.user_id = u.id and m.role is not null)`.as("group_ids");

/**
 * Who carries this token. The row of the session or token is read every time, so that logout, revocation and
 * suspension act at once; only the signature's verdict is remembered.
 */
export class Authenticator {
  readonly #world: AccountWorld;
  readonly #verified = new Map<string, AccessClaims>();

  constructor(world: AccountWorld) {
    this.#world = world;
  }

  /** @throws HoldfastError unauthenticated, the same whatever is wrong with the token */
  async authenticate(bearer: string | undefined): Promise<Caller> {
    if (bearer === undefined) throw new HoldfastError("unauthenticated", "This needs a token. Sign in first.");
    const caller = await this.#find(bearer);
    if (caller === undefined) {
      throw new HoldfastError("unauthenticated", "The token is not valid, has expired or was revoked. Sign in again.");
    }
    return caller;
  }

  async #find(bearer: string): Promise<Caller | undefined> {
    const tokenId = parsePersonalToken(bearer);
    if (tokenId !== undefined) return this.#byToken(tokenId, bearer);
    return isOfLink(bearer) ? proveLink(this.#world, bearer) : this.#bySession(bearer);
  }

  async #bySession(bearer: string): Promise<Caller | undefined> {
    const claims = await this.#claims(bearer);
    if (claims === undefined) return undefined;
    const { db } = this.#world.shards.ofId(claims.sessionId);
    const now = this.#world.clock.nowMicros();
    const row = await db
      .selectFrom("shard.sessions as s")
      .innerJoin("shard.users as u", "u.id", "s.user_id")
      .innerJoin("shard.devices as d", (join) =>
        join.onRef("d.user_id", "=", "s.user_id").onRef("d.id", "=", "s.device_id"),
      )
      .select(["u.id as userId", "u.space_id", "u.root_id", "u.admin", "u.disabled_at"])
      .select(receives)
      .select(["s.device_id", "s.number", "s.number_used", "s.expires_at", "d.last_seen_at"])
      .select(groupIds)
      .where("s.id", "=", claims.sessionId)
      .executeTakeFirst();
    if (row === undefined || row.userId !== claims.userId || row.disabled_at !== null || row.expires_at <= now)
      return undefined;
    if (claims.number === row.number && !row.number_used) await this.#markUsed(claims.sessionId, claims.number);
    if ((row.last_seen_at ?? 0) < now - seenGrainMicros) {
      await db
        .updateTable("shard.devices")
        .set({ last_seen_at: now })
        .where("user_id", "=", row.userId)
        .where("id", "=", row.device_id)
        .execute();
    }
    return {
      userId: row.userId,
      bucket: bucketOf(row.userId),
      spaceId: row.space_id,
      rootId: row.root_id,
      deviceId: row.device_id,
      owns: true,
      grantees: [row.userId, ...row.group_ids],
      receives: row.receives || row.group_ids.length > 0,
      credential: { kind: "session", id: claims.sessionId },
      scopes: new Set<Scope>(row.admin ? [...sessionScopes, "admin"] : sessionScopes),
      admin: row.admin,
      groupIds: row.group_ids,
    };
  }

  async #byToken(id: TokenId, bearer: string): Promise<Caller | undefined> {
    const { db } = this.#world.shards.ofId(id);
    const now = this.#world.clock.nowMicros();
    const row = await db
      .selectFrom("shard.tokens as t")
      .innerJoin("shard.users as u", "u.id", "t.user_id")
      .select(["u.id as userId", "u.space_id", "u.root_id", "u.admin", "u.disabled_at"])
      .select(receives)
      .select(["t.secret_hash", "t.scopes", "t.expires_at", "t.last_used_at"])
      .select(groupIds)
      .where("t.id", "=", id)
      .executeTakeFirst();
    if (row === undefined || !isSame(row.secret_hash, digestOf(bearer))) return undefined;
    if (row.disabled_at !== null || (row.expires_at !== null && row.expires_at <= now)) return undefined;
    if ((row.last_used_at ?? 0) < now - seenGrainMicros) {
      await db.updateTable("shard.tokens").set({ last_used_at: now }).where("id", "=", id).execute();
    }
    return {
      userId: row.userId,
      bucket: bucketOf(row.userId),
      spaceId: row.space_id,
      rootId: row.root_id,
      deviceId: null,
      owns: true,
      grantees: [row.userId, ...row.group_ids],
      receives: row.receives || row.group_ids.length > 0,
      credential: { kind: "token", id },
      scopes: new Set(row.scopes.filter((scope) => scope !== "admin" || row.admin)),
      admin: row.admin,
      groupIds: row.group_ids,
    };
  }

  async #claims(token: string): Promise<AccessClaims | undefined> {
    const nowMs = this.#world.clock.nowMs();
    const known = this.#verified.get(token);
    if (known !== undefined && known.expiresAtMs > nowMs) return known;
    this.#verified.delete(token);
    const claims = await readAccessToken(this.#world.secrets, token, nowMs);
    if (claims === undefined) return undefined;
    if (this.#verified.size >= verifiedTokensMax) {
      const oldest = this.#verified.keys().next();
      if (oldest.done !== true) this.#verified.delete(oldest.value);
    }
    this.#verified.set(token, claims);
    return claims;
  }

  /** From now on the predecessor of this session's refresh token is no lost answer any more. */
  async #markUsed(sessionId: SessionId, number: number): Promise<void> {
    await this.#world.shards
      .ofId(sessionId)
      .db.updateTable("shard.sessions")
      .set({ number_used: true })
      .where("id", "=", sessionId)
      .where("number", "=", number)
      .execute();
  }
}
