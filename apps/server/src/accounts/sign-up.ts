import { bucketCount, makeId, type NodeId, type SpaceId, toBucket, type UserId } from "@holdfast/core/ids";
import { inTransaction } from "../db/database.ts";
import type { UserRow } from "../db/account-tables.ts";
import { createSpace } from "../metadata/create-space.ts";
import type { AccountWorld } from "./account-world.ts";
import { confirmEmail, reserveEmail } from "./directory.ts";
import { claimInvitation, finishInvitation } from "./invitations.ts";
import { hashPassword } from "./passwords.ts";

export interface NewUser {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly admin: boolean;
  readonly quotaBytes: number | null;
}

/**
 * Address reserved, then user with space and root, then address confirmed: no transaction spans two shards, and a crash
 * between them leaves at worst a reservation that expires.
 * @throws HoldfastError exists
 */
export async function createUser(world: AccountWorld, user: NewUser): Promise<UserRow> {
  const nowMs = world.clock.nowMs();
  const now = world.clock.nowMicros();
  const bucket = toBucket(Buffer.from(world.random(2)).readUInt16BE() % bucketCount);
  const row: UserRow = {
    id: makeId<UserId>(bucket, nowMs, world.random(8)),
    email: user.email.trim(),
    name: user.name,
    password_hash: await hashPassword(user.password),
    admin: user.admin,
    disabled_at: null,
    space_id: makeId<SpaceId>(bucket, nowMs, world.random(8)),
    root_id: makeId<NodeId>(bucket, nowMs, world.random(8)),
    created_at: now,
  };
  await reserveEmail(world.shards, row.email, row.id, now);
  await inTransaction(world.shards.of(bucket).db, async (transaction) => {
    await transaction.insertInto("shard.users").values(row).execute();
    await createSpace(transaction, {
      spaceId: row.space_id,
      rootId: row.root_id,
      ownerId: row.id,
      quotaBytes: user.quotaBytes,
      nowMicros: now,
      random: world.random,
    });
  });
  await confirmEmail(world.shards, row.email, row.id);
  return row;
}

/**
 * With an invitation, or with the one-time token that makes the first administrator.
 * @throws HoldfastError forbidden (no invitation, or one that is used, expired or for somebody else), exists, rate_limited
 */
export async function signUp(
  world: AccountWorld,
  request: { email: string; password: string; name: string; invite?: string | undefined },
): Promise<UserRow> {
  const invitation = await claimInvitation(world, request.invite, request.email);
  try {
    const user = await createUser(world, {
      email: request.email,
      password: request.password,
      name: request.name,
      admin: invitation.kind === "setup",
      quotaBytes: invitation.quotaBytes,
    });
    await finishInvitation(world, invitation, true);
    return user;
  } catch (error) {
    await finishInvitation(world, invitation, false);
    throw error;
  }
}
