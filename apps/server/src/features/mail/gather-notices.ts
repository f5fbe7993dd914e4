import { bucketOf, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NotifySettings } from "@holdfast/protocol/account-settings";
import { sql } from "kysely";
import { z } from "zod";
import { readSettingsIn } from "../accounts/people/account-settings.ts";
import { findUser } from "../accounts/context/directory.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { Kind } from "../../base/queue/kind.ts";
import { mayCauseMail } from "./mail-allowance.ts";
import type { MailWorld } from "./mail-world.ts";
import { type Notice, noticeSchema } from "./notice.ts";
import { enqueueGathering, isGathered, whenMailed } from "./notify-by-mail.ts";
import { orderMail } from "./order-mail.ts";
import { readableNotices } from "./readable-notices.ts";
import type { MailKind } from "./unsubscribe-token.ts";

const gatheringSchema = z.object({
  user_id: z.string().transform((id) => id as UserId),
  when: z.enum(["at_once", "daily"]),
});
type Gathering = z.output<typeof gatheringSchema>;

/**
 * Combines all due notices of an account in one mail. The transaction that orders the mail removes the notices' rows,
 * so each is mailed once.
 */
export function noticeGatherer(world: MailWorld): Kind<Gathering> {
  return { schema: gatheringSchema, work: (gathering) => gather(world, gathering) };
}

async function gather(world: MailWorld, { user_id: userId, when }: Gathering): Promise<void> {
  const { db } = world.shards.ofId(userId);
  const now = world.clock.nowMicros();
  const due = await readDue(db, userId, now);
  if (due.length === 0) return;
  const { notify } = await readSettingsIn(db, userId);
  const wanted = (await isSuspended(world, userId))
    ? []
    : due.filter(({ kind }) => whenMailed(notify, kind) !== "never");
  const readable = await readableNotices(world.shards, userId, wanted);
  const allowed = new Set((await withoutRefused(world, userId, readable)).map(({ id }) => id));
  await inTransaction(db, async (transaction) => {
    const waitUntil = allowed.size === 0 ? undefined : await takeTurn(transaction, userId, now);
    if (waitUntil !== undefined) return enqueueGathering(transaction, userId, { when, dueMicros: waitUntil });
    const removed = await removeItems(transaction, userId, due);
    const mailed = removed.filter(({ id }) => allowed.has(id));
    if (mailed.length === 0) return;
    const content = {
      template: "notices" as const,
      notices: mailed.slice(0, limits.mailNoticesMax),
      more: Math.max(0, mailed.length - limits.mailNoticesMax),
      kinds: kindsOf(mailed, notify),
    };
    await orderMail(world, transaction, bucketOf(userId), { to: { userId }, content });
  });
}

async function readDue(db: ShardQueries, userId: UserId, now: number): Promise<Notice[]> {
  const rows = await db
    .selectFrom("shard.mail_items")
    .select("notice")
    .where("user_id", "=", userId)
    .where("due_at", "<=", now)
    .orderBy("at")
    .limit(limits.mailItemsMax)
    .execute();
  return rows.map(({ notice }) => noticeSchema.parse(notice));
}

async function isSuspended({ shards }: MailWorld, userId: UserId): Promise<boolean> {
  const user = await findUser(shards, userId);
  return user === undefined || user.disabled_at !== null;
}

/**
 * Drops notices caused by suspended accounts, or by accounts over their hourly limit. A mail counts once for each
 * account in it.
 */
async function withoutRefused(world: MailWorld, userId: UserId, notices: readonly Notice[]): Promise<Notice[]> {
  const others = new Set(notices.flatMap(({ actor }) => (actor === null || actor.id === userId ? [] : [actor.id])));
  const refused = new Set<UserId>();
  for (const actor of others) if (!(await mayCauseMail(world, actor))) refused.add(actor);
  return notices.filter(({ actor }) => actor === null || !refused.has(actor.id));
}

/**
 * Holds the row's lock until the end, so that concurrent calls run in sequence.
 * @returns time to wait for if the last mail was too recent
 */
async function takeTurn(transaction: ShardQueries, userId: UserId, now: number): Promise<number | undefined> {
  const pause = limits.mailPauseMs * 1000;
  const { rows } = await sql`
    insert into shard.mail_turns as t (user_id, last_at) values (${userId}, ${now})
    on conflict (user_id) do update set last_at = excluded.last_at where t.last_at + ${pause}::int8 <= excluded.last_at
    returning 1`.execute(transaction);
  if (rows.length > 0) return undefined;
  const turn = await transaction
    .selectFrom("shard.mail_turns")
    .select("last_at")
    .where("user_id", "=", userId)
    .executeTakeFirstOrThrow();
  return turn.last_at + pause;
}

/** @returns the current notices, oldest first */
async function removeItems(transaction: ShardQueries, userId: UserId, notices: readonly Notice[]): Promise<Notice[]> {
  const ids = notices.map(({ id }) => id);
  const removed = await transaction
    .deleteFrom("shard.mail_items")
    .where("user_id", "=", userId)
    .where("id", "in", ids)
    .returning("notice")
    .execute();
  return removed.map(({ notice }) => noticeSchema.parse(notice)).toSorted((left, right) => left.at - right.at);
}

/** Kinds that one click unsubscribes: the digest for notices that it contains, else their own. */
function kindsOf(notices: readonly Notice[], { digest }: NotifySettings): MailKind[] {
  const kinds = notices.map(({ kind }): MailKind => (digest === "daily" && isGathered(kind) ? "digest" : kind));
  return [...new Set(kinds)].toSorted();
}
