import { HoldfastError } from "@holdfast/core/errors";
import { isId, makeId, type TokenId, type UserId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import { type ProgramScope, programScope } from "@holdfast/protocol/scopes";
import type { authorizedProgram } from "@holdfast/protocol/oauth-routes";
import { sql } from "kysely";
import type { z } from "zod";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import type { Caller } from "../accounts/context/caller.ts";
import { assertMaker, assertRoom } from "../accounts/people/personal-tokens.ts";
import { digestOf } from "../accounts/context/secret-token.ts";
import { inTransaction } from "../../base/db/database.ts";
import { assertNotSuspended } from "../../tree/brake/device-suspended.ts";
import { commandClient } from "./device-login.ts";
import { endGrant, type OauthWorld, type Payload } from "./artifacts.ts";

/** Time for the program to fetch its first token. */
const unusedLifetimeMicros = 10 * 60_000_000;

interface NewGrant {
  readonly clientId: string;
  readonly name: string;
  /** Scopes of OpenID Connect, separated by spaces. */
  readonly scope: string;
}

/**
 * A grant is a row of the account's tokens, whose secret nobody receives. It ends like a token: after a password
 * change, a suspension, a revocation or the loss of administrator rights.
 * @throws HoldfastError forbidden without a session, device_suspended, conflict, unauthenticated
 */
export async function makeGrant(world: AccountWorld, caller: Caller, grant: NewGrant): Promise<TokenId> {
  assertIsPerson(caller);
  assertNotSuspended(caller);
  const now = world.clock.nowMicros();
  const row = {
    id: makeId<TokenId>(caller.bucket, world.clock.nowMs(), world.random(8)),
    user_id: caller.userId,
    name: grant.name,
    scopes: ourScopes(grant.scope),
    secret_hash: digestOf(Buffer.from(world.random(32)).toString("hex")),
    created_at: now,
    expires_at: now + unusedLifetimeMicros,
    last_used_at: null,
    maker_id: null,
    app: false,
    grant_id: null,
    client_id: grant.clientId,
    client_scope: grant.scope,
  };
  await inTransaction(world.shards.of(caller.bucket).db, async (transaction) => {
    await assertMaker(world, transaction, caller, row.scopes);
    await assertRoom(transaction, caller);
    await transaction.insertInto("shard.tokens").values(row).execute();
    await world.notifySecurity?.(transaction, caller.userId, "program");
  });
  world.queued?.(caller.userId);
  return row.id;
}

/** Programs cannot authorize programs. @throws HoldfastError forbidden */
export function assertIsPerson({ credential }: Caller): void {
  if (credential.kind === "session") return;
  throw new HoldfastError("forbidden", "A token cannot authorize a program. Sign in first.");
}

export function ourScopes(scope: string): ProgramScope[] {
  return [...new Set(scope.split(" "))].flatMap((word) => programScope.safeParse(word).data ?? []);
}

/** Reads a grant in the OpenID provider's format. */
export async function readGrant({ shards, clock }: OauthWorld, id: string): Promise<Payload | undefined> {
  if (!isId(id)) return undefined;
  const row = await shards
    .ofId(id as TokenId)
    .db.selectFrom("shard.tokens as t")
    .innerJoin("shard.users as u", "u.id", "t.user_id")
    .select(["t.user_id", "t.client_id", "t.client_scope", "t.created_at", "t.expires_at"])
    .where("t.id", "=", id as TokenId)
    .where("t.client_id", "is not", null)
    .where("t.expires_at", ">", clock.nowMicros())
    .where("u.disabled_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    jti: id,
    kind: "Grant",
    accountId: row.user_id,
    clientId: row.client_id,
    openid: { scope: row.client_scope },
    iat: Math.floor(row.created_at / 1_000_000),
    exp: Math.floor((row.expires_at ?? 0) / 1_000_000),
  };
}

export async function listPrograms(
  { shards, clock }: OauthWorld,
  userId: UserId,
): Promise<z.output<typeof authorizedProgram>[]> {
  const rows = await shards
    .ofId(userId)
    .db.selectFrom("shard.tokens")
    .selectAll()
    .where("user_id", "=", userId)
    .where("client_id", "is not", null)
    // The command's grant only waits for the device that fetches its session.
    .where("client_id", "<>", commandClient.id)
    .where("expires_at", ">", clock.nowMicros())
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    client_id: row.client_id ?? "",
    scopes: row.scopes,
    created_at: formatTime(row.created_at),
    last_used_at: row.last_used_at === null ? null : formatTime(row.last_used_at),
    expires_at: formatTime(row.expires_at ?? 0),
  }));
}

export async function removeProgram(world: OauthWorld, userId: UserId, id: string): Promise<void> {
  const { rows } = isId(id)
    ? await sql`select from shard.tokens where id = ${id} and user_id = ${userId} and client_id is not null`.execute(
        world.shards.ofId(userId).db,
      )
    : { rows: [] };
  if (rows.length === 0) throw new HoldfastError("not_found", "There is no such program.");
  await endGrant(world, id as TokenId);
}
