import { inTransaction } from "../../base/db/database.ts";
import type { WaitingMail } from "../mail/mail-order.ts";
import type { MailWorld } from "../mail/mail-world.ts";
import { notify } from "./notify.ts";

/**
 * Handles an invitation that no mail server accepted: keeps its link for administrators, as on a server without mail,
 * and notifies the inviting account. Apps that do not know `undelivered` show the name.
 */
export async function notifyUndelivered({ shards, clock }: MailWorld, mail: WaitingMail): Promise<void> {
  const { id, at, to, content, sealed_link: sealed } = mail;
  if (content.template !== "invitation" || !("address" in to)) return;
  if (sealed !== undefined) {
    const link = { sealed_link: Buffer.from(sealed, "base64"), at, expires_at: content.expires_at };
    await shards
      .ofId(id)
      .db.insertInto("shard.unsent_links")
      .values({ id, address: to.address, template: content.template, ...link })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  const userId = content.actor.id;
  const detail = { undelivered: to.address, name: `The invitation for ${to.address} could not be e-mailed` };
  await inTransaction(shards.ofId(userId).db, (transaction) =>
    notify(transaction, { userId, kind: "device", actor: null, nodeId: null, atMicros: clock.nowMicros(), detail }),
  );
}
