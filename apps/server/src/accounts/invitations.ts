import { HoldfastError } from "@holdfast/core/errors";
import { bucketCount, toBucket } from "@holdfast/core/ids";
import type { AccountWorld } from "./account-world.ts";
import { emailKey } from "./email-address.ts";
import { bucketOfInvitationToken, digestOf, makeInvitationToken } from "./secret-token.ts";

const lifetimeMicros = 7 * 24 * 3600_000_000;
/** A sign-up that died in the middle gives its invitation back after this long. */
const claimLifetimeMicros = 10 * 60_000_000;

export interface ClaimedInvitation {
  readonly token: string;
  readonly kind: "setup" | "invite";
  readonly quotaBytes: number | null;
}

export async function createInvitation(
  world: AccountWorld,
  invitation: { kind: "setup" | "invite"; email: string | null; quotaBytes: number | null },
): Promise<{ token: string; expiresAtMicros: number }> {
  const bucket = toBucket(invitation.kind === "setup" ? 0 : Buffer.from(world.random(2)).readUInt16BE() % bucketCount);
  const token = makeInvitationToken(invitation.kind, bucket, world.random);
  const now = world.clock.nowMicros();
  await world.shards
    .of(bucket)
    .db.insertInto("shard.invitations")
    .values({
      secret_hash: digestOf(token),
      kind: invitation.kind,
      email: invitation.email,
      quota_bytes: invitation.quotaBytes,
      created_at: now,
      expires_at: now + lifetimeMicros,
      claimed_by: null,
      claimed_at: null,
      used: false,
    })
    .execute();
  return { token, expiresAtMicros: now + lifetimeMicros };
}

/** One caller at a time gets an invitation; `finishInvitation` uses it up or gives it back. */
export async function claimInvitation(
  world: AccountWorld,
  token: string | undefined,
  email: string,
): Promise<ClaimedInvitation> {
  const refused = () =>
    new HoldfastError(
      "forbidden",
      "Accounts on this server are made by invitation, and this invitation is missing, used, expired or for another address. Ask an administrator for a new one.",
      { field: "invite" },
    );
  if (token === undefined) throw refused();
  const throttleKey = `sign-up ${emailKey(email)}`;
  await world.throttle.check(throttleKey);
  const bucket = bucketOfInvitationToken(token);
  const now = world.clock.nowMicros();
  const claimed =
    bucket === undefined
      ? undefined
      : await world.shards
          .of(bucket)
          .db.updateTable("shard.invitations")
          .set({ claimed_at: now })
          .where("secret_hash", "=", digestOf(token))
          .where("used", "=", false)
          .where("expires_at", ">", now)
          .where((where) =>
            where.or([where("claimed_at", "is", null), where("claimed_at", "<", now - claimLifetimeMicros)]),
          )
          .where((where) => where.or([where("email", "is", null), where("email", "=", emailKey(email))]))
          .returning(["kind", "quota_bytes"])
          .executeTakeFirst();
  if (claimed === undefined) {
    await world.throttle.failed(throttleKey);
    throw refused();
  }
  return { token, kind: claimed.kind, quotaBytes: claimed.quota_bytes };
}

export async function finishInvitation(
  world: AccountWorld,
  invitation: ClaimedInvitation,
  used: boolean,
): Promise<void> {
  const bucket = bucketOfInvitationToken(invitation.token);
  if (bucket === undefined) throw new HoldfastError("internal", "A claimed invitation has a bucket.");
  const { db } = world.shards.of(bucket);
  if (used && invitation.kind === "setup") {
    await db.deleteFrom("shard.invitations").where("kind", "=", "setup").execute();
    return;
  }
  await db
    .updateTable("shard.invitations")
    .set(used ? { used: true } : { claimed_at: null })
    .where("secret_hash", "=", digestOf(invitation.token))
    .execute();
}
