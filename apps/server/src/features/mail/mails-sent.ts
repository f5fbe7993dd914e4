import { HoldfastError } from "@holdfast/core/errors";
import type { MailId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { MailWorld } from "./mail-world.ts";

/** Longer than a working mail server needs for a mail. */
const claimMicros = 5 * 60_000_000;

/**
 * Claims the mail for some minutes, so that concurrent or repeated work sends it once.
 * @returns false if already sent
 * @throws HoldfastError unavailable while another process sends it
 */
export async function claimSending({ shards, clock }: MailWorld, id: MailId): Promise<boolean> {
  const { db } = shards.ofId(id);
  const now = clock.nowMicros();
  const { rows } = await sql`
    insert into shard.mails_sent as m (id, claimed_until) values (${id}, ${now + claimMicros})
    on conflict (id) do update set claimed_until = excluded.claimed_until
    where m.sent_at is null and m.claimed_until <= ${now}
    returning 1`.execute(db);
  if (rows.length > 0) return true;
  const other = await db.selectFrom("shard.mails_sent").select("sent_at").where("id", "=", id).executeTakeFirst();
  if (other !== undefined && other.sent_at !== null) return false;
  throw new HoldfastError("unavailable", "Another process is sending the e-mail.");
}

/** Releases the claim after a failure, so that the next attempt need not wait. */
export async function releaseSending({ shards }: MailWorld, id: MailId): Promise<void> {
  await shards
    .ofId(id)
    .db.updateTable("shard.mails_sent")
    .set({ claimed_until: 0 })
    .where("id", "=", id)
    .where("sent_at", "is", null)
    .execute();
}

export async function noteSent({ shards, clock }: MailWorld, id: MailId): Promise<void> {
  await shards
    .ofId(id)
    .db.updateTable("shard.mails_sent")
    .set({ sent_at: clock.nowMicros() })
    .where("id", "=", id)
    .execute();
}

/** Deletes records of old mails and expired links. May run twice and in parts. */
export async function expireMails({ shards, clock }: Pick<MailWorld, "shards" | "clock">): Promise<void> {
  const now = clock.nowMicros();
  const before = now - limits.mailSentLifetimeMs * 1000;
  for (const { db } of shards.all()) {
    // Includes released claims, which count as old; the next attempt inserts its row again.
    await db.deleteFrom("shard.mails_sent").where("claimed_until", "<=", before).execute();
    await db.deleteFrom("shard.unsent_links").where("expires_at", "<=", now).execute();
  }
}
