import { bucketOfHash, type HashHex } from "@holdfast/core/ids";
import { changeSettings } from "../accounts/people/account-settings.ts";
import type { MailWorld } from "./mail-world.ts";
import { gatheredKinds } from "./notify-by-mail.ts";
import type { Unsubscription } from "./unsubscribe-token.ts";

/** Ends these mails immediately, including queued ones. Notifications in the app continue. */
export async function unsubscribe(world: MailWorld, of: Unsubscription): Promise<void> {
  if ("userId" in of) {
    const ended = of.kinds.flatMap((kind) => (kind === "digest" ? gatheredKinds : kind));
    const chosen = Object.fromEntries(ended.map((kind) => [kind, "app"]));
    await changeSettings(world, of, { notify: chosen });
    return;
  }
  const { addressHash } = of;
  await world.shards
    .of(bucketOfHash(addressHash.toString("hex") as HashHex))
    .db.insertInto("shard.mail_refusals")
    .values({ address_hash: addressHash, at: world.clock.nowMicros() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
