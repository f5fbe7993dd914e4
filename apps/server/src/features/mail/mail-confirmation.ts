import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf } from "@holdfast/core/ids";
import { inTransaction } from "../../base/db/database.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { mayCauseMail } from "./mail-allowance.ts";
import type { MailWorld } from "./mail-world.ts";
import { orderMail } from "./order-mail.ts";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { confirmationLink } from "../accounts/people/confirm-address.ts";
import { holderOf } from "../accounts/context/directory.ts";

type Confirming = Pick<UserRow, "id" | "name" | "email" | "email_confirmed_at" | "next_email" | "readdressed_at">;

/**
 * Orders the mail that confirms an account's address. Does nothing if the address is confirmed or another account's.
 */
export async function mailConfirmation(world: AccountWorld, mail: MailWorld, user: Confirming): Promise<void> {
  const address = await addressToShow(world, user);
  if (address === undefined) return;
  const order = {
    to: { address },
    // The address may be mistyped; its owner recognizes the account by name and current address.
    content: {
      template: "confirmation" as const,
      account: { name: user.name, email: user.email, moves: user.next_email !== null },
    },
    link: confirmationLink(world, user.id, address),
  };
  await inTransaction(world.shards.ofId(user.id).db, (transaction) =>
    orderMail(mail, transaction, bucketOf(user.id), order),
  );
}

async function addressToShow({ shards }: AccountWorld, user: Confirming): Promise<string | undefined> {
  if (user.next_email === null) return isUnconfirmed(user) ? user.email : undefined;
  const holder = await holderOf(shards, user.next_email);
  return holder === undefined || holder === user.id ? user.next_email : undefined;
}

function isUnconfirmed({ email_confirmed_at: at, readdressed_at: readdressedAt }: Confirming): boolean {
  return at === null || readdressedAt !== null;
}

/** @throws HoldfastError rate_limited after too many */
export async function mailConfirmationAgain(world: AccountWorld, mail: MailWorld, user: Confirming): Promise<void> {
  if ((isUnconfirmed(user) || user.next_email !== null) && !(await mayCauseMail(world, user.id, "itself"))) {
    throw new HoldfastError("rate_limited", "You have requested too many e-mails. Try again later.", {
      retryAfterSeconds: 60,
    });
  }
  await mailConfirmation(world, mail, user);
}
