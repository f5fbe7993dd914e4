import { limits } from "@holdfast/core/limits";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { ShardTables } from "../../../base/db/shard-tables.ts";
import { copiedNumber } from "../callers/live-session.ts";
import type { AccountStore } from "../context/account-world.ts";
import { confirmEmail, isOf, releaseEmail, signUpLifetimeMicros } from "../context/directory.ts";
import { forgetOldestNames, removeDevices } from "../people/former-devices.ts";

/** May be repeated or interrupted. @returns number of removed rows */
export async function expireCredentials(store: AccountStore): Promise<number> {
  const now = store.clock.nowMicros();
  const forgottenBefore = now - limits.credentialRecordLifetimeMs * 1000;
  let removed = 0;
  for (const { db } of store.shards.all()) {
    removed += await deleteWhere(
      db,
      "sessions",
      sql`expires_at <= ${now} and (number <> ${copiedNumber} or expires_at <= ${now - copiedSessionMicros})`,
    );
    removed += await deleteWhere(db, "tokens", sql`expires_at <= ${forgottenBefore}`);
    removed += await deleteWhere(db, "tokens", sql`client_id is not null and expires_at <= ${now}`);
    removed += await deleteWhere(db, "oauth_artifacts", sql`expires_at <= ${now}`);
    removed += await deleteWhere(db, "passkey_challenges", sql`until <= ${now}`);
    removed += await deleteWhere(db, "outside_answers", sql`until <= ${now}`);
    removed += await deleteWhere(db, "invitations", sql`expires_at <= ${now}`);
    removed += await deleteWhere(db, "zip_lists", sql`expires_at <= ${now}`);
    removed += await expireDevices(db, now, forgottenBefore);
    removed += await deleteWhere(db, "memberships", sql`role is null and changed_at <= ${now - endedMembershipMicros}`);
    removed += await releaseReservations(store, db, now - signUpLifetimeMicros);
  }
  return removed;
}

const batchRows = 1000;

/** A session that ended because it was copied reports so for this time. */
const copiedSessionMicros = 24 * 3600 * 1_000_000;

/**
 * Memberships stay as long as a journal contains grants to the group: former members receive changes up to their end
 * (`changeIn`).
 */
const endedMembershipMicros = limits.journalLifetimeMs * 1000;

async function deleteWhere(
  db: Kysely<ShardTables>,
  table:
    | "sessions"
    | "tokens"
    | "invitations"
    | "memberships"
    | "passkey_challenges"
    | "outside_answers"
    | "oauth_artifacts"
    | "zip_lists",
  condition: RawBuilder<unknown>,
): Promise<number> {
  const name = sql.table(`shard.${table}`);
  for (let removed = 0; ;) {
    const { numAffectedRows = 0n } = await sql`
      delete from ${name} where ctid = any(array(
        select candidate.ctid from ${name} candidate where ${condition} limit ${batchRows} for update skip locked
      ))`.execute(db);
    removed += Number(numAffectedRows);
    if (numAffectedRows < batchRows) return removed;
  }
}

async function expireDevices(db: Kysely<ShardTables>, now: number, forgottenBefore: number): Promise<number> {
  for (let removed = 0; ;) {
    const gone = await removeDevices(
      db,
      now,
      sql`ctid = any(array(
        select candidate.ctid from shard.devices candidate
        where coalesce(last_seen_at, created_at) <= ${forgottenBefore} and not exists (
          select from shard.sessions s where s.user_id = candidate.user_id and s.device_id = candidate.id)
        limit ${batchRows} for update skip locked))`,
    );
    for (const userId of new Set(gone)) await forgetOldestNames(db, userId);
    removed += gone.length;
    if (gone.length < batchRows) return removed;
  }
}

/** Releases reservations of interrupted sign-ups and moves. One whose user has the address is confirmed instead. */
async function releaseReservations(store: AccountStore, db: Kysely<ShardTables>, before: number): Promise<number> {
  const stale = await db
    .selectFrom("shard.directory")
    .select(["email_key", "user_id"])
    .where("confirmed", "=", false)
    .where("reserved_at", "<=", before)
    .limit(batchRows)
    .execute();
  let removed = 0;
  for (const { email_key: key, user_id: userId } of stale) {
    if (await isOf(store.shards, key, userId)) {
      await confirmEmail(store.shards, key, userId);
      continue;
    }
    await releaseEmail(store.shards, key);
    removed += 1;
  }
  return removed;
}
