import { bucketOf, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { createUser } from "../accounts/invitations/sign-up.ts";
import { testPassword } from "../accounts/testing.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { GroupCaller } from "./group-rights.ts";

export function createUserIn(world: AccountWorld, bucket: number, email: string, name = "Ann"): Promise<UserRow> {
  const id = makeId<UserId>(toBucket(bucket), world.clock.nowMs(), world.random(8));
  return createUser(
    world,
    { email, password: testPassword, name, admin: false, confirmed: true, quotaBytes: null },
    id,
  );
}

export function callerFor(user: UserRow, administrates = false): GroupCaller {
  return { userId: user.id, spaceId: user.space_id, bucket: bucketOf(user.id), administrates };
}
