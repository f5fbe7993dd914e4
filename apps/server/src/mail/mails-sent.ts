import { HoldfastError } from "@holdfast/core/errors";
import type { MailId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { MailWorld } from "./mail-world.ts";

/** Longer than a mail server that answers at all takes for one mail. */
const claimMicros = 5 * 60_000_000;

/**
 * Takes the mail for sending, for some minutes: two that work it at once, or one after the other, send it once.
 * @returns false where it was sent already
 * @throws HoldfastError unavailable while another one sends it
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

/** It was not sent: the next attempt need not wait for the claim to end. */
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

/** Forgets what no message of the queue names any more, and links that lead nowhere now. A job that may run twice, and in pieces. */
export async function expireMails({ shards, clock }: Pick<MailWorld, "shards" | "clock">): Promise<void> {
  const now = clock.nowMicros();
  const before = now - limits.mailSentLifetimeMs * 1000;
  for (const { db } of shards.all()) {
    // A claim that was given back is older than any: its message waits, and the row comes again with the next attempt.
    await db.deleteFrom("shard.mails_sent").where("claimed_until", "<=", before).execute();
    await db.deleteFrom("shard.unsent_links").where("expires_at", "<=", now).execute();
  }
}
