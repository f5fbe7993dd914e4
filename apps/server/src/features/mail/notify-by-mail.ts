import { sha256 } from "@holdfast/core/hash";
import type { NotificationId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NotificationKind, NotifySettings } from "@holdfast/protocol/account-settings";
import { sql } from "kysely";
import { readSettingsIn } from "../accounts/people/account-settings.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import type { MailWorld } from "./mail-world.ts";
import type { Notice } from "./notice.ts";
import { noticeQuoteCharactersMax } from "./notice-said.ts";

export const gatherKind = "mail_gather";

/**
 * Queues a notice for the account's next mail, if its settings permit: immediately, but at least a minute after the
 * last mail, or with the daily digest. Replaces the same notice that still waits. Runs in a transaction on the
 * account's shard.
 */
export async function notifyByMail(
  world: MailWorld,
  transaction: ShardQueries,
  userId: UserId,
  notice: Notice,
): Promise<void> {
  if (world.mailer === undefined) return;
  const { notify } = await readSettingsIn(transaction, userId);
  const when = whenMailed(notify, notice.kind);
  if (when === "never") return;
  const now = world.clock.nowMicros();
  const due = when === "daily" ? nextDigestMicros(userId, now) : await nextTurnMicros(transaction, userId, now);
  const kept = JSON.stringify(bounded(notice));
  await sql`
    insert into shard.mail_items as i (user_id, id, kind, at, due_at, notice)
    select ${userId}, ${notice.id}, ${notice.kind}, ${notice.at}, ${due}, ${kept}::jsonb
    where (select count(*) from shard.mail_items where user_id = ${userId}) < ${limits.mailItemsMax}
    on conflict (user_id, id) do update set at = excluded.at, notice = excluded.notice`.execute(transaction);
  await enqueueGathering(transaction, userId, { when, dueMicros: due });
}

export async function forgetNotice(transaction: ShardQueries, userId: UserId, id: NotificationId): Promise<void> {
  await transaction.deleteFrom("shard.mail_items").where("user_id", "=", userId).where("id", "=", id).execute();
}

/** Separate messages for immediate mails and digest, so that neither waits for the other. */
export async function enqueueGathering(
  transaction: ShardQueries,
  userId: UserId,
  { when, dueMicros }: { when: "at_once" | "daily"; dueMicros: number },
): Promise<void> {
  const key = `${when} ${userId}`;
  await enqueue(transaction, { kind: gatherKind, payload: { user_id: userId, when }, key, notBeforeMicros: dueMicros });
}

/** Kinds for the digest. Others address the user directly and are mailed immediately. */
export const gatheredKinds: readonly NotificationKind[] = ["comment", "watch"];

/** Kinds for the safety of the account or server; mailed even with few mails allowed. */
const ofSafety: ReadonlySet<NotificationKind> = new Set(["device", "report", "server"]);

export function isGathered(kind: NotificationKind): boolean {
  return gatheredKinds.includes(kind);
}

export function whenMailed(notify: NotifySettings, kind: NotificationKind): NotifySettings["digest"] {
  if (notify[kind] !== "mail" || (notify.digest === "never" && !ofSafety.has(kind))) return "never";
  return isGathered(kind) ? notify.digest : "at_once";
}

async function nextTurnMicros(transaction: ShardQueries, userId: UserId, now: number): Promise<number> {
  const turn = await transaction
    .selectFrom("shard.mail_turns")
    .select("last_at")
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return Math.max(now, (turn?.last_at ?? 0) + limits.mailPauseMs * 1000);
}

const dayMicros = 24 * 3600e6;
const digestFromMicros = 5 * 3600e6;
const digestSpreadSeconds = 2 * 3600;

/** Next digest: once a day between 05:00 and 07:00 UTC, at a different second for each account. */
export function nextDigestMicros(userId: UserId, now: number): number {
  const second = Number.parseInt(sha256(Buffer.from(userId)).slice(0, 8), 16) % digestSpreadSeconds;
  const today = Math.floor(now / dayMicros) * dayMicros + digestFromMicros + second * 1e6;
  return today > now ? today : today + dayMicros;
}

function bounded(notice: Notice): Notice {
  const texts = Object.entries(notice.detail).map(([name, value]) => [
    name,
    typeof value === "string" ? value.slice(0, 2 * noticeQuoteCharactersMax).toWellFormed() : value,
  ]);
  return { ...notice, detail: Object.fromEntries(texts) as Notice["detail"] };
}
