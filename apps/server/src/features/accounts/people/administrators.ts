import { HoldfastError } from "@holdfast/core/errors";
import { toBucket, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { inTransaction } from "../../../base/db/database.ts";
import type { Shards } from "../../../base/db/shards.ts";
import type { AccountStore } from "../context/account-world.ts";

/** Counts suspended ones, so that the server does not open to the first visitor. */
export async function hasAdministrator({ shards }: AccountStore): Promise<boolean> {
  for (const { db } of shards.all()) {
    const found = await db.selectFrom("shard.users").select("id").where("admin", "=", true).limit(1).executeTakeFirst();
    if (found !== undefined) return true;
  }
  return false;
}

/** Serializes the creation of the first administrator across processes. */
export function settingUp<Result>(
  { shards }: Pick<AccountStore, "shards">,
  work: () => Promise<Result>,
): Promise<Result> {
  return inTransaction(shards.of(toBucket(0)).db, async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('holdfast set-up', 0))`.execute(transaction);
    return work();
  });
}

/**
 * Runs a change that may remove an administrator, unless it would be the last one who can sign in. Administrators may
 * be on different shards, so a lock on the shard of bucket 0 prevents two from removing each other.
 * @param wayOut sentence appended to the error
 * @throws HoldfastError conflict for the last administrator who can sign in, locked during another such change
 */
export async function unlessLastAdministrator(
  store: AccountStore,
  user: Pick<UserRow, "id" | "admin">,
  change: () => Promise<void>,
  wayOut = "",
): Promise<void> {
  if (!user.admin) return change();
  await inTransaction(store.shards.of(toBucket(0)).db, async (transaction) => {
    const { rows } = await sql<{ taken: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended('holdfast administrators', 0)) as taken`.execute(transaction);
    if (rows[0]?.taken !== true) {
      throw new HoldfastError("locked", "Another change of administrators is in progress. Try again.", {
        retryAfterSeconds: 1,
      });
    }
    if (await hasOtherAdministrator(store, user.id)) return change();
    throw new HoldfastError(
      "conflict",
      `This is the last administrator who can sign in. Add another one first (holdfast admin users add EMAIL --admin).${wayOut}`,
    );
  });
}

async function hasOtherAdministrator({ shards }: AccountStore, userId: UserId): Promise<boolean> {
  return (await findAdministrators(shards)).some((id) => id !== userId);
}

/** Excludes suspended ones, and rows that a move has left on the old shard. Index: users_admin. */
export async function findAdministrators(shards: Shards): Promise<UserId[]> {
  const found = await Promise.all(
    shards.all().map(async (shard) => {
      const { rows } = await sql<{ id: UserId }>`
        select id from shard.users where admin and disabled_at is null order by id`.execute(shard.db);
      return rows.filter(({ id }) => shards.ofId(id) === shard);
    }),
  );
  return found.flat().map(({ id }) => id);
}
