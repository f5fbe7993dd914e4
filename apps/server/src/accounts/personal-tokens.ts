import { HoldfastError } from "@holdfast/core/errors";
import { isId, makeId, type TokenId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { Scope, token as tokenSchema } from "@holdfast/protocol/account-routes";
import type { z } from "zod";
import type { AccountTables } from "../db/account-tables.ts";
import type { AccountWorld } from "./account-world.ts";
import type { Caller } from "./caller.ts";
import { assertPlainText } from "./plain-text.ts";
import { digestOf, makePersonalToken } from "./secret-token.ts";

type TokenJson = z.output<typeof tokenSchema>;

/**
 * A token never opens more, nor for longer, than what it was made with.
 * @throws HoldfastError forbidden for a scope that the caller does not have, invalid_field for a bad time, conflict
 */
export async function createPersonalToken(
  world: AccountWorld,
  caller: Caller,
  request: { name: string; scopes: readonly Scope[]; expiresAtMicros: number | null },
): Promise<TokenJson & { token: string }> {
  const lacking = request.scopes.find((scope) => !caller.scopes.has(scope));
  if (lacking !== undefined) {
    throw new HoldfastError("forbidden", `You cannot give a token the scope ${lacking}, since you do not have it.`, {
      field: "scopes",
    });
  }
  assertPlainText(request.name, "name");
  await assertExpiry(world, caller, request.expiresAtMicros);
  await assertRoom(world, caller);
  const id = makeId<TokenId>(caller.bucket, world.clock.nowMs(), world.random(8));
  const token = makePersonalToken(id, world.random);
  const row = {
    id,
    user_id: caller.userId,
    name: request.name,
    scopes: [...new Set(request.scopes)],
    secret_hash: digestOf(token),
    created_at: world.clock.nowMicros(),
    expires_at: request.expiresAtMicros,
    last_used_at: null,
  };
  await world.shards.of(caller.bucket).db.insertInto("shard.tokens").values(row).execute();
  return { ...tokenJson(row), token };
}

async function assertExpiry(world: AccountWorld, caller: Caller, expiresAtMicros: number | null): Promise<void> {
  if (expiresAtMicros !== null && expiresAtMicros <= world.clock.nowMicros()) {
    throw new HoldfastError("invalid_field", "expires_at: lies in the past.", { field: "expires_at" });
  }
  if (caller.credential.kind === "session") return;
  const maker = await world.shards
    .of(caller.bucket)
    .db.selectFrom("shard.tokens")
    .select("expires_at")
    .where("id", "=", caller.credential.id)
    .executeTakeFirst();
  const latest = maker === undefined ? 0 : (maker.expires_at ?? Infinity);
  if ((expiresAtMicros ?? Infinity) > latest) {
    throw new HoldfastError("invalid_field", "expires_at: a token made with a token cannot outlive it.", {
      field: "expires_at",
    });
  }
}

async function assertRoom(world: AccountWorld, caller: Caller): Promise<void> {
  const { count } = await world.shards
    .of(caller.bucket)
    .db.selectFrom("shard.tokens")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("user_id", "=", caller.userId)
    .executeTakeFirstOrThrow();
  if (count < limits.tokensMax) return;
  throw new HoldfastError("conflict", `An account has at most ${limits.tokensMax} tokens. Revoke some first.`);
}

export async function listPersonalTokens(world: AccountWorld, userId: UserId): Promise<TokenJson[]> {
  const rows = await world.shards
    .ofId(userId)
    .db.selectFrom("shard.tokens")
    .selectAll()
    .where("user_id", "=", userId)
    .orderBy("id")
    .execute();
  return rows.map(tokenJson);
}

/** @throws HoldfastError not_found */
export async function deletePersonalToken(world: AccountWorld, userId: UserId, id: string): Promise<void> {
  const deleted = isId(id)
    ? await world.shards
        .ofId(userId)
        .db.deleteFrom("shard.tokens")
        .where("user_id", "=", userId)
        .where("id", "=", id as TokenId)
        .returning("id")
        .executeTakeFirst()
    : undefined;
  if (deleted === undefined) throw new HoldfastError("not_found", "There is no such token.");
}

function tokenJson(row: AccountTables["shard.tokens"]): TokenJson {
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes,
    created_at: formatTime(row.created_at),
    expires_at: row.expires_at === null ? null : formatTime(row.expires_at),
    last_used_at: row.last_used_at === null ? null : formatTime(row.last_used_at),
  };
}
