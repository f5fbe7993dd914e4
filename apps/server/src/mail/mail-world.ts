import type { Bucket, MailId } from "@holdfast/core/ids";
import { makeId } from "@holdfast/core/ids";
import type { AccountWorld } from "../accounts/account-world.ts";
import type { Mailer } from "./mailer.ts";

/** What mail is made of and goes out by. */
export interface MailWorld extends Pick<AccountWorld, "shards" | "clock" | "random" | "language"> {
  readonly secrets: Pick<AccountWorld["secrets"], "mailKey">;
  /** Undefined: no mail is sent, and links are kept for administrators to hand on. */
  readonly mailer: Mailer | undefined;
  /** What every link begins with, without a slash at the end. @throws HoldfastError unavailable while that is not known yet */
  readonly publicUrl: () => string;
}

/** @param bucket of the shard that notes whether it was sent */
export function makeMailId({ clock, random }: Pick<MailWorld, "clock" | "random">, bucket: Bucket): MailId {
  return makeId<MailId>(bucket, clock.nowMs(), random(8));
}
