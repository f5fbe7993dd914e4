import { sha256 } from "@holdfast/core/hash";
import { bucketOfHash, type HashHex } from "@holdfast/core/ids";
import type { Language } from "@holdfast/protocol/account-settings";
import { readSettings } from "../accounts/people/account-settings.ts";
import { findUser } from "../accounts/context/directory.ts";
import { emailKey } from "../accounts/context/email-address.ts";
import type { Attempt, Kind } from "../../base/queue/kind.ts";
import { composeMail } from "./compose-mail.ts";
import { mailSchema, type Template, type WaitingMail } from "./mail-order.ts";
import type { MailWorld } from "./mail-world.ts";
import { claimSending, noteSent, releaseSending } from "./mails-sent.ts";
import { readableNotices } from "./readable-notices.ts";
import { openLink } from "./sealed-link.ts";
import { type MailKind, makeUnsubscribeToken, type Unsubscription } from "./unsubscribe-token.ts";

/** Called after a mail's last attempt. */
export type OnUndelivered = (world: MailWorld, mail: WaitingMail) => Promise<void>;

/** Mail servers are slow, so few messages are sent at the same time. */
export function mailSender(world: MailWorld, onUndelivered: OnUndelivered): Kind<WaitingMail> {
  return {
    schema: mailSchema,
    work: (mail, attempt) => sendOnce(world, mail, attempt),
    givenUp: (mail) => onUndelivered(world, mail),
    concurrency: 2,
  };
}

/** Claims the mail, so that only a lost response of the mail server can cause a second sending. */
async function sendOnce(world: MailWorld, mail: WaitingMail, attempt: Attempt): Promise<void> {
  if (!(await claimSending(world, mail.id))) return;
  try {
    await sendMail(world, mail, attempt);
  } catch (error) {
    await releaseSending(world, mail.id);
    throw error;
  }
  await noteSent(world, mail.id);
}

/** Uses the current state of sender and recipient: accounts suspended meanwhile neither cause nor receive mail. */
async function sendMail(world: MailWorld, mail: WaitingMail, { signal }: Attempt): Promise<void> {
  const { mailer } = world;
  if (mailer === undefined) return;
  const recipient = await findRecipient(world, mail);
  const content = await contentNow(world, mail);
  if (recipient === undefined || content === undefined) return;
  const publicUrl = world.publicUrl();
  const { unsubscription } = recipient;
  const token = unsubscription === undefined ? undefined : makeUnsubscribeToken(world.secrets.mailKey, unsubscription);
  const unsubscribeUrl = token === undefined ? undefined : `${publicUrl}/unsubscribe/${token}`;
  const link = mail.sealed_link === undefined ? undefined : openSealed(world, mail, mail.sealed_link);
  const composed = composeMail({
    content,
    language: recipient.language,
    serverName: world.serverName,
    publicUrl,
    link,
    unsubscribeUrl,
  });
  const { hostname } = new URL(publicUrl);
  await mailer.send(
    { ...composed, messageId: `${mail.id}@${hostname}`, atMicros: mail.at, to: recipient.address, unsubscribeUrl },
    signal,
  );
}

interface Recipient {
  readonly address: string;
  readonly language: Language;
  readonly unsubscription: Unsubscription | undefined;
}

/** @returns undefined for a suspended, deleted or unsubscribed recipient */
async function findRecipient(world: MailWorld, { to, content }: WaitingMail): Promise<Recipient | undefined> {
  if ("user_id" in to) {
    const user = await findUser(world.shards, to.user_id);
    if (user === undefined || user.disabled_at !== null) return undefined;
    const { language } = await readSettings(world, user.id);
    const kinds = content.template === "notices" ? (content.kinds as MailKind[]) : [];
    const unsubscription = kinds.length === 0 ? undefined : { userId: user.id, kinds };
    return { address: user.email, language, unsubscription };
  }
  if (content.template !== "invitation") return { ...to, unsubscription: undefined };
  const addressHash = addressHashOf(to.address);
  return (await isRefused(world, addressHash)) ? undefined : { ...to, unsubscription: { addressHash } };
}

export function addressHashOf(address: string): Buffer {
  return Buffer.from(sha256(Buffer.from(emailKey(address))), "hex");
}

async function isRefused({ shards }: MailWorld, addressHash: Buffer): Promise<boolean> {
  const row = await shards
    .of(bucketOfHash(addressHash.toString("hex") as HashHex))
    .db.selectFrom("shard.mail_refusals")
    .select("at")
    .where("address_hash", "=", addressHash)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Checks the content again, because a mail server may have been down for hours.
 * @returns undefined if no notice is readable, or the inviter is suspended
 */
async function contentNow({ shards }: MailWorld, { to, content }: WaitingMail): Promise<Template | undefined> {
  if (content.template === "notices" && "user_id" in to) {
    const notices = await readableNotices(shards, to.user_id, content.notices);
    return notices.length === 0 ? undefined : { ...content, notices };
  }
  if (content.template !== "invitation") return content;
  const user = await findUser(shards, content.actor.id);
  return user === undefined || user.disabled_at !== null ? undefined : content;
}

function openSealed({ secrets }: MailWorld, { id }: WaitingMail, sealed: string): string {
  return openLink(secrets.mailKey, id, Buffer.from(sealed, "base64"));
}
