import { HoldfastError } from "@holdfast/core/errors";
import { isId, type UserId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import type { user as userSchema } from "@holdfast/protocol/account-routes";
import type { z } from "zod";
import { inTransaction } from "../db/database.ts";
import type { UserRow } from "../db/account-tables.ts";
import type { SpaceRow } from "../db/shard-tables.ts";
import type { AccountWorld } from "./account-world.ts";
import { findUser, findUserByEmail } from "./directory.ts";
import { hashPassword } from "./passwords.ts";

export type UserJson = z.output<typeof userSchema>;
type SpaceUsage = Pick<SpaceRow, "quota_bytes" | "used_bytes" | "stored_bytes">;

export interface UserChange {
  readonly disabled?: boolean | undefined;
  readonly quotaBytes?: number | null | undefined;
  readonly password?: string | undefined;
  readonly admin?: boolean | undefined;
}

/** By id or e-mail address. @throws HoldfastError not_found */
export async function getUser(world: AccountWorld, idOrEmail: string): Promise<UserRow> {
  const user = isId(idOrEmail)
    ? await findUser(world.shards, idOrEmail as UserId)
    : await findUserByEmail(world.shards, idOrEmail);
  if (user === undefined) throw new HoldfastError("not_found", `There is no user ${idOrEmail}.`);
  return user;
}

/** Ordered by id within each shard; the cursor says after which id of which shard to go on. */
export async function listUsers(
  world: AccountWorld,
  request: { limit: number; cursor?: string | undefined },
): Promise<{ items: UserJson[]; next_cursor: string | null }> {
  const shards = world.shards.all();
  let { shardIndex, afterId } = parseCursor(request.cursor);
  const items: UserJson[] = [];
  for (; shardIndex < shards.length; shardIndex++, afterId = undefined) {
    const db = shards[shardIndex]?.db;
    let query = db
      ?.selectFrom("shard.users as u")
      .innerJoin("shard.spaces as s", "s.id", "u.space_id")
      .selectAll("u")
      .select(["s.quota_bytes", "s.used_bytes", "s.stored_bytes"])
      .orderBy("u.id")
      .limit(request.limit - items.length + 1);
    if (afterId !== undefined) query = query?.where("u.id", ">", afterId);
    for (const row of (await query?.execute()) ?? []) {
      const last = items.at(-1);
      if (items.length === request.limit && last !== undefined) {
        return { items, next_cursor: `${shardIndex}:${shardIndexOf(world, last.id) === shardIndex ? last.id : ""}` };
      }
      items.push(userJson(row, row));
    }
  }
  return { items, next_cursor: null };
}

export async function describeUser(world: AccountWorld, user: UserRow): Promise<UserJson> {
  return userJson(user, await readUsage(world, user));
}

function readUsage(world: AccountWorld, user: Pick<UserRow, "space_id">): Promise<SpaceUsage> {
  return world.shards
    .ofId(user.space_id)
    .db.selectFrom("shard.spaces")
    .select(["quota_bytes", "used_bytes", "stored_bytes"])
    .where("id", "=", user.space_id)
    .executeTakeFirstOrThrow();
}

/** Suspension and a new password end all sessions; both act on the next request. */
export async function updateUser(world: AccountWorld, idOrEmail: string, change: UserChange): Promise<UserJson> {
  const user = await getUser(world, idOrEmail);
  const passwordHash = change.password === undefined ? undefined : await hashPassword(change.password);
  await inTransaction(world.shards.ofId(user.id).db, async (transaction) => {
    const set = {
      ...(change.disabled === undefined ? {} : { disabled_at: change.disabled ? world.clock.nowMicros() : null }),
      ...(passwordHash === undefined ? {} : { password_hash: passwordHash }),
      ...(change.admin === undefined ? {} : { admin: change.admin }),
    };
    if (Object.keys(set).length > 0) {
      await transaction.updateTable("shard.users").set(set).where("id", "=", user.id).execute();
    }
    if (change.quotaBytes !== undefined) {
      await transaction
        .updateTable("shard.spaces")
        .set({ quota_bytes: change.quotaBytes })
        .where("id", "=", user.space_id)
        .execute();
    }
    if (change.disabled === true || passwordHash !== undefined) {
      await transaction.deleteFrom("shard.sessions").where("user_id", "=", user.id).execute();
    }
  });
  return describeUser(world, await getUser(world, user.id));
}

function userJson(user: UserRow, usage: SpaceUsage): UserJson {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    admin: user.admin,
    disabled: user.disabled_at !== null,
    quota_bytes: usage.quota_bytes,
    used_bytes: usage.used_bytes,
    stored_bytes: usage.stored_bytes,
    created_at: formatTime(user.created_at),
  };
}

function parseCursor(cursor: string | undefined): { shardIndex: number; afterId: UserId | undefined } {
  if (cursor === undefined) return { shardIndex: 0, afterId: undefined };
  const match = /^(\d{1,4}):(.*)$/.exec(cursor);
  const afterId = match?.[2] ?? "";
  if (match === null || (afterId !== "" && !isId(afterId))) {
    throw new HoldfastError("bad_request", "The cursor is not one that this list gave.", { field: "cursor" });
  }
  return { shardIndex: Number(match[1]), afterId: afterId === "" ? undefined : (afterId as UserId) };
}

function shardIndexOf(world: AccountWorld, id: string): number {
  return world.shards.all().indexOf(world.shards.ofId(id as UserId));
}
