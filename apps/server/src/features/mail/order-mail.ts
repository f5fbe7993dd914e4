import type { Bucket, MailId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Language } from "@holdfast/protocol/account-settings";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import type { Template, WaitingMail } from "./mail-order.ts";
import { makeMailId, type MailWorld } from "./mail-world.ts";
import { sealLink } from "./sealed-link.ts";

export interface MailOrder {
  readonly to: { readonly userId: UserId } | { readonly address: string; readonly language?: Language };
  readonly content: Template;
  /** Path below the public URL: `/setup#hfi_…`. Stored encrypted, because it may contain a secret. */
  readonly link?: string;
  /** Lifetime of the link; default: that of an invitation. */
  readonly linkLifetimeMs?: number;
}

export const mailKind = "mail";

/**
 * Orders a mail in the causing transaction; the queue sends it after the commit. Without a mailer, the link is kept for
 * administrators.
 * @param bucket of the transaction's shard
 */
export async function orderMail(
  world: MailWorld,
  transaction: ShardQueries,
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
