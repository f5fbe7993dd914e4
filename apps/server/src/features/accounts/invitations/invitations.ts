import { HoldfastError } from "@holdfast/core/errors";
import { bucketCount, toBucket, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { inTransaction } from "../../../base/db/database.ts";
import type { AccountStore } from "../context/account-world.ts";
import { findUser, signUpLifetimeMicros } from "../context/directory.ts";
import { assertAddress, emailKey } from "../context/email-address.ts";
import { bucketOfInvitationToken, digestOf, makeInvitationToken } from "../context/secret-token.ts";
import { hasAdministrator } from "../people/administrators.ts";

export interface ClaimedInvitation {
  readonly token: string;
  readonly kind: "setup" | "invite";
  readonly plan: string | undefined;
  readonly quotaBytes: number | null | undefined;
  /** Made for exactly this address, or for the operator. */
  readonly confirms: boolean;
}

export interface NewInvitation {
  readonly kind: "setup" | "invite";
  readonly email: string | null;
  readonly plan?: string | undefined;
  readonly quotaBytes?: number | null | undefined;
  /** Made for a share with the address; ends with the last one. */
  readonly forShare?: boolean;
  /** The token may be stolen, so the new account confirms its address by e-mail. */
  readonly byToken?: boolean;
}

export async function createInvitation(
  store: AccountStore,
  invitation: NewInvitation,
): Promise<{ token: string; expiresAtMicros: number }> {
  const { kind } = invitation;
  if (invitation.email !== null) assertAddress(invitation.email);
  const bucket = toBucket(kind === "setup" ? 0 : Buffer.from(store.random(2)).readUInt16BE() % bucketCount);
  const token = makeInvitationToken(kind, bucket, store.random);
  const now = store.clock.nowMicros();
  const expiresAtMicros = now + limits.invitationLifetimeMs * 1000;
  await store.shards
    .of(bucket)
    .db.insertInto("shard.invitations")
    .values({
      secret_hash: digestOf(token),
      bucket,
      kind,
      email: invitation.email === null ? null : emailKey(invitation.email),
      plan: invitation.plan ?? null,
      quota_bytes: invitation.quotaBytes ?? null,
      quota_fixed: invitation.quotaBytes !== undefined,
      for_share: invitation.forShare === true,
      confirms: invitation.byToken !== true,
      created_at: now,
      expires_at: expiresAtMicros,
      claimed_by: null,
      claimed_at: null,
    })
    .execute();
  return { token, expiresAtMicros };
}

/**
 * Lasts until `useUpInvitation` or `giveBackInvitation`. The claim of an interrupted sign-up may be taken over later,
 * unless its user exists.
 * @param userId id of the future user
 * @returns undefined if unknown, used up, expired, in use or for another address
 */
export async function claimInvitation(
  store: AccountStore,
  token: string,
  email: string,
  userId: UserId,
): Promise<ClaimedInvitation | undefined> {
  const bucket = bucketOfInvitationToken(token);
  if (bucket === undefined) return undefined;
  const now = store.clock.nowMicros();
  const { db } = store.shards.of(bucket);
  const row = await db
    .selectFrom("shard.invitations")
    .selectAll()
    .where("secret_hash", "=", digestOf(token))
    .executeTakeFirst();
  if (row === undefined || row.expires_at <= now || (row.email !== null && row.email !== emailKey(email)))
    return undefined;
  if (row.claimed_at !== null && row.claimed_at > now - signUpLifetimeMicros) return undefined;
  const used =
    (row.claimed_by !== null && (await findUser(store.shards, row.claimed_by)) !== undefined) ||
    (row.kind === "setup" && (await hasAdministrator(store)));
  if (used) {
    await useUpInvitation(store, token);
    return undefined;
  }
  const claimed = await db
    .updateTable("shard.invitations")
    .set({ claimed_by: userId, claimed_at: now })
    .where("secret_hash", "=", row.secret_hash)
    .where("claimed_by", "is not distinct from", row.claimed_by)
    .returning("kind")
    .executeTakeFirst();
  if (claimed === undefined) return undefined;
  const confirms = (row.email !== null && row.confirms) || row.kind === "setup";
  const quotaBytes = row.quota_fixed ? row.quota_bytes : undefined;
  return { token, kind: row.kind, plan: row.plan ?? undefined, quotaBytes, confirms };
}

/** The first use ends the others. */
export async function countInvitationsFor(
  { shards, clock }: Pick<AccountStore, "shards" | "clock">,
  email: string,
): Promise<number> {
  const counts = shards.all().map(({ db }) =>
    db
      .selectFrom("shard.invitations")
      .select(({ fn }) => fn.countAll<number>().as("number"))
      .where("kind", "=", "invite")
      .where("email", "=", emailKey(email))
      .where("expires_at", ">", clock.nowMicros())
      .executeTakeFirstOrThrow(),
  );
  return (await Promise.all(counts)).reduce((sum, { number }) => sum + number, 0);
}

/** Must be called when the address has an account. The invitations may be on any shard. */
export async function removeInvitationsFor({ shards }: Pick<AccountStore, "shards">, email: string): Promise<void> {
  for (const { db } of shards.all()) {
    await db
      .deleteFrom("shard.invitations")
      .where("kind", "=", "invite")
      .where("email", "=", emailKey(email))
      .execute();
  }
}

/**
 * Must be called when no share with the address is left. Administrators' invitations stay. Index:
 * invitations_for_share.
 * @param untilMicros later invitations belong to later shares
 */
export async function removeSharesInvitations(
  { shards }: Pick<AccountStore, "shards">,
  key: string,
  untilMicros: number,
): Promise<void> {
  for (const { db } of shards.all()) {
    await db
      .deleteFrom("shard.invitations")
      .where("for_share", "=", true)
      .where("email", "=", key)
      .where("created_at", "<=", untilMicros)
      .execute();
  }
}

/** Marks the invitation as used. A set-up token ends all others. */
export async function useUpInvitation(store: AccountStore, token: string): Promise<void> {
  const digest = digestOf(token);
  await inTransaction(dbOf(store, token), async (transaction) => {
    const used = await transaction
      .deleteFrom("shard.invitations")
      .where("secret_hash", "=", digest)
      .returning("kind")
      .executeTakeFirst();
    if (used?.kind === "setup") await transaction.deleteFrom("shard.invitations").where("kind", "=", "setup").execute();
  });
}

/** Makes the invitation of a failed sign-up usable again, or uses it up if the user exists. */
export async function giveBackInvitation(store: AccountStore, token: string, userId: UserId): Promise<void> {
  if ((await findUser(store.shards, userId)) !== undefined) return useUpInvitation(store, token);
  await dbOf(store, token)
    .updateTable("shard.invitations")
    .set({ claimed_by: null, claimed_at: null })
    .where("secret_hash", "=", digestOf(token))
    .where("claimed_by", "=", userId)
    .execute();
}

function dbOf(store: AccountStore, token: string) {
  const bucket = bucketOfInvitationToken(token);
  if (bucket === undefined) throw new HoldfastError("internal", "A claimed invitation has a bucket.");
  return store.shards.of(bucket).db;
}
