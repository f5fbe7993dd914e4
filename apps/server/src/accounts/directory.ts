import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import type { UserRow } from "../db/account-tables.ts";
import type { Shards } from "../db/shards.ts";
import { bucketOfEmail, emailKey } from "./email-address.ts";

/** A reservation whose sign-up never finished may be taken over after this long. */
const reservationLifetimeMicros = 3600_000_000;

export async function findUserByEmail(shards: Shards, email: string): Promise<UserRow | undefined> {
  const key = emailKey(email);
  const entry = await shards
    .of(bucketOfEmail(key))
    .db.selectFrom("shard.directory")
    .select("user_id")
    .where("email_key", "=", key)
    .where("confirmed", "=", true)
    .executeTakeFirst();
  return entry === undefined ? undefined : findUser(shards, entry.user_id);
}

export function findUser(shards: Shards, id: UserId): Promise<UserRow | undefined> {
  return shards.ofId(id).db.selectFrom("shard.users").selectAll().where("id", "=", id).executeTakeFirst();
}

/** @throws HoldfastError exists */
export async function reserveEmail(shards: Shards, email: string, userId: UserId, nowMicros: number): Promise<void> {
  const key = emailKey(email);
  const { db } = shards.of(bucketOfEmail(key));
  const reserved = await db
    .insertInto("shard.directory")
    .values({ email_key: key, user_id: userId, confirmed: false, reserved_at: nowMicros })
    .onConflict((conflict) =>
      conflict
        .column("email_key")
        .doUpdateSet({ user_id: userId, reserved_at: nowMicros })
        .where("shard.directory.confirmed", "=", false)
        .where("shard.directory.reserved_at", "<", nowMicros - reservationLifetimeMicros),
    )
    .returning("user_id")
    .executeTakeFirst();
  if (reserved === undefined) {
    throw new HoldfastError("exists", "There is an account with this e-mail address.", { field: "email" });
  }
}

/** @throws HoldfastError exists if the reservation has expired and was taken over */
export async function confirmEmail(shards: Shards, email: string, userId: UserId): Promise<void> {
  const key = emailKey(email);
  const confirmed = await shards
    .of(bucketOfEmail(key))
    .db.updateTable("shard.directory")
    .set({ confirmed: true })
    .where("email_key", "=", key)
    .where("user_id", "=", userId)
    .returning("user_id")
    .executeTakeFirst();
  if (confirmed === undefined)
    throw new HoldfastError("exists", "There is an account with this e-mail address.", { field: "email" });
}
