import type { Bucket, MailId } from "@holdfast/core/ids";
import { makeId } from "@holdfast/core/ids";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import type { Mailer } from "./mailer.ts";

export interface MailWorld extends Pick<AccountWorld, "shards" | "clock" | "random" | "language" | "serverName"> {
  readonly secrets: Pick<AccountWorld["secrets"], "mailKey">;
  /** undefined: no mail is sent, and links are kept for administrators. */
  readonly mailer: Mailer | undefined;
  /** Start of every link, without a trailing slash. @throws HoldfastError unavailable while unknown */
  readonly publicUrl: () => string;
}

/** @param bucket selects the shard that records the sending */
export function makeMailId({ clock, random }: Pick<MailWorld, "clock" | "random">, bucket: Bucket): MailId {
  return makeId<MailId>(bucket, clock.nowMs(), random(8));
}
