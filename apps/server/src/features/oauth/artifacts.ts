import { type Bucket, bucketOf, toBucket, type TokenId, type UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import type { AccountStore } from "../accounts/context/account-world.ts";
import { deleteFamily } from "../accounts/people/personal-tokens.ts";
import { bucketOfProgramToken, digestOf } from "../accounts/context/secret-token.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";

/** Storage for codes, tokens and requests of programs. Secrets are stored only as hashes. */
export type OauthWorld = Pick<AccountStore, "shards" | "clock" | "random">;

export type Payload = Record<string, unknown>;

/** Kinds that end with their grant. */
const ofGrants = new Set(["AccessToken", "RefreshToken", "AuthorizationCode"]);

/** Bucket of artifacts without an account. */
export const commonBucket = toBucket(0);

/** @returns undefined if missing or expired, or if its grant or account has ended */
export async function readArtifact(world: OauthWorld, kind: string, id: string): Promise<Payload | undefined> {
  const now = world.clock.nowMicros();
  // Indexes: primary keys.
  const { rows } = await sql<{ payload: Payload; consumed_at: number | null }>`
    select a.payload, a.consumed_at from shard.oauth_artifacts a
    where a.id_hash = ${digestOf(id)} and a.kind = ${kind} and a.expires_at > ${now}
      and (not ${ofGrants.has(kind)} or exists (
        select from shard.tokens t join shard.users u on u.id = t.user_id
        where t.id = a.token_id and t.expires_at > ${now} and u.disabled_at is null))`.execute(dbOf(world, id));
  const [row] = rows;
  if (row === undefined) return undefined;
  const consumed = row.consumed_at === null ? {} : { consumed: Math.floor(row.consumed_at / 1_000_000) };
  return { ...row.payload, jti: id, ...consumed };
}

interface NewArtifact {
  readonly payload: Payload;
  readonly lifetimeSeconds: number;
  /** Account that answered, if the payload lacks it. The provider's own payloads contain it. */
  readonly userId?: UserId;
}

/**
 * Stores or replaces an artifact. Extends the grant to the artifact's lifetime.
 * @returns false if the grant has ended
 */
export async function writeArtifact(
  world: OauthWorld,
  kind: string,
  id: string,
  { payload, lifetimeSeconds, userId }: NewArtifact,
): Promise<boolean> {
  const { jti: _, userCode, consumed: __, ...kept } = payload;
  const expiresAt = world.clock.nowMicros() + lifetimeSeconds * 1_000_000;
  const row = {
    id_hash: digestOf(id),
    bucket: bucketIn(id),
    kind,
    user_id: userId ?? (payload["accountId"] as UserId | undefined) ?? null,
    token_id: (payload["grantId"] as TokenId | undefined) ?? null,
    user_code_hash: typeof userCode === "string" ? digestOf(userCode) : null,
    payload: kept,
    consumed_at: null,
    expires_at: expiresAt,
  };
  return inTransaction(dbOf(world, id), async (transaction) => {
    if (ofGrants.has(kind) && !(await prolong(transaction, row.token_id, expiresAt))) return false;
    await transaction
      .insertInto("shard.oauth_artifacts")
      .values(row)
      .onConflict((conflict) =>
        conflict.column("id_hash").doUpdateSet({ payload: kept, user_id: row.user_id, expires_at: expiresAt }),
      )
      .execute();
    return true;
  });
}

/**
 * Extends the grant and locks its row, so that a concurrent end of the grant waits.
 * @returns false if the grant has ended
 */
async function prolong(db: Kysely<ShardTables>, id: TokenId | null, expiresAt: number): Promise<boolean> {
  const { rows } = await sql`
    update shard.tokens set expires_at = greatest(expires_at, ${expiresAt}) where id = ${id} and client_id is not null
    returning id`.execute(db);
  return rows.length > 0;
}

/** Consumes a one-time artifact. @returns false if already consumed, which ends the grant */
export async function consumeArtifact(world: OauthWorld, id: string): Promise<boolean> {
  const db = dbOf(world, id);
  const { rows } = await sql`
    update shard.oauth_artifacts set consumed_at = ${world.clock.nowMicros()}
    where id_hash = ${digestOf(id)} and consumed_at is null returning id_hash`.execute(db);
  if (rows.length > 0) return true;
  const lost = await sql<{ token_id: TokenId | null }>`
    select token_id from shard.oauth_artifacts where id_hash = ${digestOf(id)}`.execute(db);
  const tokenId = lost.rows[0]?.token_id;
  if (tokenId !== undefined && tokenId !== null) await endGrant(world, tokenId);
  return false;
}

export async function deleteArtifact(world: OauthWorld, id: string): Promise<void> {
  await dbOf(world, id).deleteFrom("shard.oauth_artifacts").where("id_hash", "=", digestOf(id)).execute();
}

export async function endGrant(world: OauthWorld, id: TokenId): Promise<void> {
  const { db } = world.shards.ofId(id);
  const token = await db.selectFrom("shard.tokens").select("user_id").where("id", "=", id).executeTakeFirst();
  if (token !== undefined) await deleteFamily(world, token.user_id, id);
  // Device codes were stored before they belonged to an account.
  for (const each of new Set([db, world.shards.of(commonBucket).db]))
    await each.deleteFrom("shard.oauth_artifacts").where("token_id", "=", id).execute();
}

/** Finds a device that waits for an answer. */
export async function findByUserCode(
  world: OauthWorld,
  userCode: string,
): Promise<{ kind: string; payload: Payload; expiresAtMicros: number } | undefined> {
  // Index: oauth_artifacts_user_code_hash_idx.
  const { rows } = await sql<{ kind: string; payload: Payload; expires_at: number }>`
    select kind, payload, expires_at from shard.oauth_artifacts
    where user_code_hash = ${digestOf(userCode)} and expires_at > ${world.clock.nowMicros()}
      and not payload ? 'accountId' and not payload ? 'error'`.execute(world.shards.of(commonBucket).db);
  const [row] = rows;
  return row === undefined ? undefined : { kind: row.kind, payload: row.payload, expiresAtMicros: row.expires_at };
}

/** @returns false if already answered or expired */
export async function answerUserCode(world: OauthWorld, userCode: string, answer: Payload): Promise<boolean> {
  const { rows } = await sql`
    update shard.oauth_artifacts
    set payload = payload || ${JSON.stringify(answer)}::jsonb, user_id = ${answer["accountId"] ?? null}, token_id = ${answer["grantId"] ?? null}
    where user_code_hash = ${digestOf(userCode)} and expires_at > ${world.clock.nowMicros()}
      and not payload ? 'accountId' and not payload ? 'error'
    returning id_hash`.execute(world.shards.of(commonBucket).db);
  return rows.length > 0;
}

function dbOf({ shards }: OauthWorld, id: string): Kysely<ShardTables> {
  return shards.of(bucketIn(id)).db;
}

function bucketIn(id: string): Bucket {
  return bucketOfProgramToken(id) ?? commonBucket;
}

export function bucketFor(accountId: unknown): Bucket {
  return typeof accountId === "string" ? bucketOf(accountId as UserId) : commonBucket;
}
