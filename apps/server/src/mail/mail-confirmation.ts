import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf } from "@holdfast/core/ids";
import { inTransaction } from "../db/database.ts";
import type { UserRow } from "../db/account-tables.ts";
import { mayCauseMail } from "./mail-allowance.ts";
import type { MailWorld } from "./mail-world.ts";
import { orderMail } from "./order-mail.ts";
import type { AccountWorld } from "../accounts/account-world.ts";
import { confirmationLink } from "../accounts/confirm-address.ts";

type Confirming = Pick<UserRow, "id" | "email" | "email_confirmed_at">;

/** Orders the mail by which an account shows that its address is its own; nothing where that is known. */
export async function mailConfirmation(world: AccountWorld, mail: MailWorld, user: Confirming): Promise<void> {
  if (user.email_confirmed_at !== null) return;
  const order = {
    to: { address: user.email },
    content: { template: "confirmation" as const },
    link: confirmationLink(world, user),
  };
  await inTransaction(world.shards.ofId(user.id).db, (transaction) =>
    orderMail(mail, transaction, bucketOf(user.id), order),
  );
}

/** Again, because somebody asks. @throws HoldfastError rate_limited after too many */
export async function mailConfirmationAgain(world: AccountWorld, mail: MailWorld, user: Confirming): Promise<void> {
  if (user.email_confirmed_at === null && !(await mayCauseMail(world, user.id))) {
    throw new HoldfastError("rate_limited", "You have had too many mails sent. Try again later.", {
      retryAfterSeconds: 60,
    });
  }
  await mailConfirmation(world, mail, user);
}
