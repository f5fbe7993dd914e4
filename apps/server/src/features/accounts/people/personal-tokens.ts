import { HoldfastError } from "@holdfast/core/errors";
import { isId, makeId, type NodeId, type TokenId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { Scope, token as tokenSchema } from "@holdfast/protocol/account-routes";
import { administratorScopes } from "@holdfast/protocol/scopes";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import type { AccountTables } from "../../../base/db/account-tables.ts";
import { inTransaction } from "../../../base/db/database.ts";
import type { ShardTables } from "../../../base/db/shard-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { type Caller, reaches } from "../context/caller.ts";
import { findLiveIn } from "../callers/live-credentials.ts";
import { assertPlainText } from "../context/plain-text.ts";
import { digestOf, makePersonalToken } from "../context/secret-token.ts";

export type TokenJson = z.output<typeof tokenSchema>;

/**
 * A token never permits more, nor lives longer, than the credential that made it, and ends with it.
 * @throws HoldfastError forbidden for a scope that the caller lacks, invalid_field for a bad time, conflict,
 * unauthenticated if the caller's credential has ended
 */
export async function createPersonalToken(
  world: AccountWorld,
  caller: Caller,
  request: { name: string; scopes: readonly Scope[]; expiresAtMicros: number | null },
): Promise<TokenJson & { token: string }> {
  assertScopes(caller.scopes, request.scopes);
  assertPlainText(request.name, "name");
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
    maker_id: caller.credential.kind === "token" ? caller.credential.id : null,
    app: false,
    grant_id: null,
    client_id: null,
    client_scope: null,
  };
  await inTransaction(world.shards.of(caller.bucket).db, async (transaction) => {
    await assertMaker(world, transaction, caller, request.scopes);
    await assertExpiry(world, transaction, caller, request.expiresAtMicros);
    await assertRoom(transaction, caller);
    await transaction.insertInto("shard.tokens").values(row).execute();
    // A token made by another token ends with it, and scripts that renew theirs would cause hourly mails.
    if (row.maker_id === null) await world.notifySecurity?.(transaction, caller.userId, "token");
  });
  world.queued?.(caller.userId);
  return { ...tokenJson(row), token };
}

function assertScopes(has: ReadonlySet<Scope>, wanted: readonly Scope[]): void {
  const lacking = wanted.find((scope) => !reaches(has, scope));
  if (lacking === undefined) return;
  throw new HoldfastError(
    "forbidden",
    `You cannot give a token the scope ${lacking}, because you do not have it yourself.`,
    {
      field: "scopes",
    },
  );
}

/** A new password, a revocation and a change of administrators wait for this lock, so they see every token to end. */
export async function assertMaker(
  world: AccountWorld,
  transaction: Kysely<ShardTables>,
  caller: Caller,
  scopes: readonly Scope[],
): Promise<void> {
  const user = await transaction
    .selectFrom("shard.users")
    .select("admin")
    .where("id", "=", caller.userId)
    .forShare()
    .executeTakeFirst();
  const live = await findLiveIn(world, transaction, [caller.credential]);
  if (user === undefined || live.length === 0) {
    throw new HoldfastError("unauthenticated", "The session or token ended in the meantime. Sign in again.");
  }
  if (!user.admin) assertScopes(caller.scopes.difference(administratorScopes), scopes);
}

/** @throws HoldfastError invalid_field */
export async function assertExpiry(
  world: AccountWorld,
  transaction: Kysely<ShardTables>,
  caller: Caller,
  expiresAtMicros: number | null,
): Promise<void> {
  if (expiresAtMicros !== null && expiresAtMicros <= world.clock.nowMicros()) {
    throw new HoldfastError("invalid_field", "expires_at: is in the past.", { field: "expires_at" });
  }
  if (caller.credential.kind !== "token") return;
  const maker = await transaction
    .selectFrom("shard.tokens")
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

/** @throws HoldfastError conflict */
export async function assertRoom(transaction: Kysely<ShardTables>, caller: Caller): Promise<void> {
  const { count } = await transaction
    .selectFrom("shard.tokens")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("user_id", "=", caller.userId)
    .executeTakeFirstOrThrow();
  if (count < limits.tokensMax) return;
  throw new HoldfastError("conflict", `An account has at most ${limits.tokensMax} tokens. Revoke some first.`);
}

export async function listPersonalTokens(world: AccountWorld, userId: UserId): Promise<TokenJson[]> {
  const rows = await world.shards
    .ofId(userId)
    .db.selectFrom("shard.tokens as t")
    .leftJoin("shard.grants as g", "g.id", "t.grant_id")
    .selectAll("t")
    .select("g.node_id as folder_id")
    .where("t.user_id", "=", userId)
    .where("t.client_id", "is", null)
    .orderBy("t.id")
    .execute();
  return rows.map((row) => tokenJson(row, row.folder_id));
}

/** Also ends the tokens made with it. @throws HoldfastError not_found */
export async function deletePersonalToken(world: AccountWorld, userId: UserId, id: string): Promise<void> {
  const deleted = isId(id) ? await deleteFamily(world, userId, id as TokenId) : 0;
  if (deleted === 0) throw new HoldfastError("not_found", "There is no such token.");
}

export async function deleteFamily(world: Pick<AccountWorld, "shards">, userId: UserId, id: TokenId): Promise<number> {
  return inTransaction(world.shards.ofId(userId).db, async (transaction) => {
    // Waits for requests that make tokens with this one; the next statement then sees their rows.
    await transaction.selectFrom("shard.users").select("id").where("id", "=", userId).forUpdate().execute();
    const { rows } = await sql`
      with recursive family (id) as (
        select id from shard.tokens where user_id = ${userId} and id = ${id}
        union
        select t.id from shard.tokens t join family f on t.maker_id = f.id where t.user_id = ${userId}
      )
      delete from shard.tokens where user_id = ${userId} and id in (select id from family) returning id`.execute(
      transaction,
    );
    return rows.length;
  });
}

/**
 * Ends everything that works without a session: tokens, webhooks, and unaccepted offers of files. Runs in the
 * transaction that changed the user's row, so nobody creates one meanwhile.
 */
export async function endPersonalTokens(transaction: Kysely<ShardTables>, userId: UserId): Promise<void> {
  await transaction.deleteFrom("shard.tokens").where("user_id", "=", userId).execute();
  // No token has a webhook's id, so its maker counts as ended.
  await sql`update shard.webhooks set maker_id = id where user_id = ${userId} and maker_id is null`.execute(
    transaction,
  );
  // The account's own space is on its shard.
  await sql`
    delete from shard.transfers
    where space_id = (select space_id from shard.users where id = ${userId}) and from_id = ${userId}
      and accepted_at is null`.execute(transaction);
}

/**
 * Removes the administrative scopes from all tokens of the user; other scopes stay. Runs in the transaction that
 * changed the user's row.
 */
export async function endAdministration(transaction: Kysely<ShardTables>, userId: UserId): Promise<void> {
  await sql`
    update shard.tokens set scopes = array_remove(array_remove(scopes, 'admin'), 'scim')
    where user_id = ${userId} and scopes && array['admin', 'scim']`.execute(transaction);
}

export function tokenJson(row: AccountTables["shard.tokens"], folderId: NodeId | null = null): TokenJson {
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes,
    created_at: formatTime(row.created_at),
    expires_at: row.expires_at === null ? null : formatTime(row.expires_at),
    last_used_at: row.last_used_at === null ? null : formatTime(row.last_used_at),
    kind: row.app ? "app_password" : "token",
    permission_id: row.grant_id,
    folder_id: folderId,
  };
}
