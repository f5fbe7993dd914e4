import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { AccountStore } from "../accounts/context/account-world.ts";
import { findUser } from "../accounts/context/directory.ts";
import { createInvitation, removeSharesInvitations } from "../accounts/invitations/invitations.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import { mayCauseMail } from "../mail/mail-allowance.ts";
import type { MailWorld } from "../mail/mail-world.ts";
import { orderMail } from "../mail/order-mail.ts";

export interface PendingInvitation {
  readonly by: UserId;
  readonly grant: Pick<GrantRow, "role" | "email_key">;
  readonly address: string;
  readonly nodeName: string;
  readonly message: string | undefined;
}

export interface InvitationLink {
  readonly link: string;
  readonly expiresAtMicros: number;
}

/**
 * Runs before a grant to an address without an account. Counts even without mail, because the answer reveals that no
 * account exists, and each grant leaves an invitation.
 * @throws HoldfastError rate_limited after too many mails of the sharer, forbidden if mail would go out for an
 * unconfirmed sharer
 */
export async function assertMayInvite(mail: MailWorld, by: UserId): Promise<void> {
  const isMailed = mail.mailer !== undefined;
  if (isMailed && (await findUser(mail.shards, by))?.email_confirmed_at === null) {
    const message = "Confirm your e-mail address first. Until then you can only share with people who have an account.";
    throw new HoldfastError("forbidden", message);
  }
  if (await mayCauseMail(mail, by, isMailed ? "others" : "itself")) return;
  throw new HoldfastError("rate_limited", "You have invited too many addresses. Try again later.", {
    retryAfterSeconds: 60,
  });
}

/**
 * Makes an invitation for this exact address, valid even with closed registration, and sends it by mail. Only the
 * mailbox's reader and administrators may see the link.
 */
export async function invitePending(mail: MailWorld, invitation: PendingInvitation): Promise<InvitationLink> {
  const { by, address, nodeName, message, grant } = invitation;
  const sharer = await findUser(mail.shards, by);
  if (sharer === undefined) throw new HoldfastError("internal", "The caller that shares must have an account.");
  const { token, expiresAtMicros } = await createInvitation(mail, { kind: "invite", email: address, forShare: true });
  // The grant may have been removed before the invitation existed.
  if (grant.email_key !== null) await endInvitations(mail, grant.email_key, mail.clock.nowMicros());
  const link = `/setup#${token}`;
  await inTransaction(mail.shards.ofId(by).db, (transaction) =>
    orderMail(mail, transaction, bucketOf(by), {
      to: { address },
      content: {
        template: "invitation",
        actor: { id: by, name: sharer.name, email: sharer.email },
        node: { name: nodeName },
        role: grant.role,
        ...(message === undefined ? {} : { message }),
        expires_at: expiresAtMicros,
      },
      link,
    }),
  );
  return { link, expiresAtMicros };
}

/**
 * Ends an address's invitations after its last share.
 * @param untilMicros time of the check; later shares have their own invitations
 */
export async function endInvitations(
  world: Pick<AccountStore, "shards" | "clock">,
  emailKey: string,
  untilMicros: number,
): Promise<void> {
  if (await isAwaited(world, emailKey, untilMicros)) return;
  await removeSharesInvitations(world, emailKey, untilMicros);
}

/** @returns true if something is shared with the address and waits for a confirmed account */
export async function isAwaited(
  { shards, clock }: Pick<AccountStore, "shards" | "clock">,
  emailKey: string,
  atMicros: number = clock.nowMicros(),
): Promise<boolean> {
  for (const { db } of shards.all()) {
    // Index: grants_email.
    const { rows } = await sql`
      select from shard.grants where kind = 'pending' and email_key = ${emailKey}
        and (expires_at is null or expires_at > ${atMicros}) limit 1`.execute(db);
    if (rows.length > 0) return true;
  }
  return false;
}
