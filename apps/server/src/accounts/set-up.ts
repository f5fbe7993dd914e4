import { toBucket } from "@holdfast/core/ids";
import type { AccountWorld } from "./account-world.ts";
import { createInvitation } from "./invitations.ts";
import { createUser } from "./sign-up.ts";

/**
 * A server without a user gets its first administrator from the environment, or a fresh one-time token (older ones stop
 * working) with which somebody makes it on the set-up page.
 * @returns the token, or undefined if there is nothing to set up
 */
export async function setUp(
  world: AccountWorld,
  administrator: { email: string; password: string } | undefined,
): Promise<string | undefined> {
  if (await hasUsers(world)) return undefined;
  await world.shards.of(toBucket(0)).db.deleteFrom("shard.invitations").where("kind", "=", "setup").execute();
  if (administrator === undefined) {
    const { token } = await createInvitation(world, { kind: "setup", email: null, quotaBytes: null });
    return token;
  }
  await createUser(world, { ...administrator, name: "Administrator", admin: true, quotaBytes: null });
  return undefined;
}

async function hasUsers(world: AccountWorld): Promise<boolean> {
  for (const { db } of world.shards.all()) {
    if ((await db.selectFrom("shard.users").select("id").limit(1).executeTakeFirst()) !== undefined) return true;
  }
  return false;
}
