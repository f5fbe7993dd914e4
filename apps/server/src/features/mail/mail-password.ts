import { bucketOf, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { z } from "zod";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { throttleKey } from "../accounts/context/attempts.ts";
import { readSettingsIn } from "../accounts/people/account-settings.ts";
import { findUserByEmail } from "../accounts/context/directory.ts";
import { bucketOfEmail, emailKey } from "../accounts/context/email-address.ts";
import { isPlainText } from "../accounts/context/plain-text.ts";
import { resetLink } from "../accounts/proof/reset-password.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shard } from "../../base/db/shards.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import type { Kind } from "../../base/queue/kind.ts";
import type { SecurityChange } from "../accounts/context/security-change.ts";
import type { MailWorld } from "./mail-world.ts";
import { orderMail } from "./order-mail.ts";

export const passwordResetKind = "password_reset";

const askedSchema = z.object({ email: z.string() });

/**
 * Queues a password reset for an address. The account is looked up later, so that neither the response nor its timing
 * reveals whether it exists.
 * @param source client, limited like failed sign-ins
 * @returns the shard of the queue
 * @throws HoldfastError rate_limited
 */
export async function askPasswordReset(
  { shards, throttle }: AccountWorld,
  email: string,
  source: string,
): Promise<Shard> {
  const key = throttleKey("reset", `ask ${source}`);
  await throttle.check(key);
  await throttle.failed(key);
  const address = emailKey(email);
  const shard = shards.of(bucketOfEmail(address));
  // No account has such an address, and the database would reject it.
  if (!isPlainText(address)) return shard;
  await enqueue(shard.db, { kind: passwordResetKind, key: throttleKey("reset", address), payload: { email: address } });
  return shard;
}

/** Mails the link, unless the account is unknown, suspended, or got a mail in the last minutes. */
export function passwordResetter(world: MailWorld): Kind<z.output<typeof askedSchema>> {
  return {
    schema: askedSchema,
    work: async ({ email }) => {
      const user = await findUserByEmail(world.shards, email);
      // A thief of an identity system's token may have changed the address, and would then choose the password.
      if (user === undefined || user.disabled_at !== null || user.readdressed_at !== null) return;
      await inTransaction(world.shards.ofId(user.id).db, async (transaction) => {
        const now = world.clock.nowMicros();
        // A future time comes from a clock that was ahead.
        const { rows } = await sql`
          update shard.users set reset_mailed_at = ${now}
          where id = ${user.id} and abs(reset_mailed_at - ${now}::int8) >= ${limits.passwordResetPauseMs * 1000} returning 1`.execute(
          transaction,
        );
        if (rows.length === 0) return;
        await orderMail(world, transaction, bucketOf(user.id), {
          to: { address: user.email },
          content: { template: "password_reset" },
          link: resetLink(world, user),
          linkLifetimeMs: limits.passwordResetMs,
        });
      });
    },
  };
}

/** See `AccountStore.notifySecurity`. */
export async function orderSecurityMail(
  mail: MailWorld,
  transaction: ShardQueries,
  id: UserId,
  what: SecurityChange,
  address?: string,
): Promise<void> {
  const content = { template: "security" as const, what };
  if (address === undefined) await orderMail(mail, transaction, bucketOf(id), { to: { userId: id }, content });
  else {
    const { language } = await readSettingsIn(transaction, id, mail.language);
    await orderMail(mail, transaction, bucketOf(id), { to: { address, language }, content });
  }
}

/** See `AccountWorld.notifyLeaving`. Uses the address, because suspended accounts receive no other mail. */
export async function orderLeavingMail(
  mail: MailWorld,
  transaction: ShardQueries,
  { id, email }: Pick<UserRow, "id" | "email">,
  until: number,
): Promise<void> {
  const { language } = await readSettingsIn(transaction, id, mail.language);
  const content = { template: "leaving" as const, until };
  await orderMail(mail, transaction, bucketOf(id), { to: { address: email, language }, content });
}
