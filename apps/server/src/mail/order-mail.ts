import type { Bucket, MailId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Language } from "@holdfast/protocol/account-settings";
import type { ShardReader } from "../db/shard-tables.ts";
import { enqueue } from "../queue/enqueue.ts";
import type { Template, WaitingMail } from "./mail-order.ts";
import { makeMailId, type MailWorld } from "./mail-world.ts";
import { sealLink } from "./sealed-link.ts";

export interface MailOrder {
  readonly to: { readonly userId: UserId } | { readonly address: string; readonly language?: Language };
  readonly content: Template;
  /** Where the mail's link leads, below the public address: `/setup#hfi_…`. It may hold a secret, and is stored sealed. */
  readonly link?: string;
  /** For how long the link leads somewhere; that of an invitation unless told. */
  readonly linkLifetimeMs?: number;
}

/** The name of the kind that sends. */
export const mailKind = "mail";

/**
 * Orders one mail in the causing transaction; it goes out once that has committed and the queue comes to it. Where no mail is sent, its
 * link is kept for administrators instead.
 * @param bucket one of the shard on which the transaction runs
 */
export async function orderMail(
  world: MailWorld,
  transaction: ShardReader,
  bucket: Bucket,
  { to, content, link, linkLifetimeMs = limits.invitationLifetimeMs }: MailOrder,
): Promise<MailId> {
  const id = makeMailId(world, bucket);
  const now = world.clock.nowMicros();
  const sealed = link === undefined ? undefined : sealLink(world.secrets.mailKey, id, link, world.random);
  if (world.mailer === undefined) {
    if (sealed !== undefined && "address" in to) {
      await transaction
        .insertInto("shard.unsent_links")
        .values({
          id,
          address: to.address,
          template: content.template,
          sealed_link: sealed,
          at: now,
          expires_at: now + linkLifetimeMs * 1000,
        })
        .execute();
    }
    return id;
  }
  const recipient =
    "userId" in to ? { user_id: to.userId } : { address: to.address, language: to.language ?? world.language ?? "en" };
  const payload: WaitingMail = {
    id,
    at: now,
    to: recipient,
    content,
    ...(sealed === undefined ? {} : { sealed_link: sealed.toString("base64") }),
  };
  await enqueue(transaction, { kind: mailKind, payload });
  return id;
}
