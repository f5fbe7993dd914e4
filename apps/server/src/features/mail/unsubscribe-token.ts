import { createHmac } from "node:crypto";
import { isId, type UserId } from "@holdfast/core/ids";
import { notificationKinds, type NotificationKind } from "@holdfast/protocol/account-settings";
import { isSame } from "../accounts/context/secret-token.ts";

export type MailKind = NotificationKind | "digest";

/**
 * Account or address, and its mails that a token ends. The server's key authenticates the token, which needs no sign-in
 * and has no other use.
 */
export type Unsubscription =
  | { readonly userId: UserId; readonly kinds: readonly MailKind[] }
  /** SHA-256 of a normalized address without an account, whose invitations stop. */
  | { readonly addressHash: Buffer };

/**
 *     hfu_<account id, 32 hex digits>_<kinds, separated by dots>_<HMAC, base64url>
 *     hfu_<SHA-256 of the address, 64 hex digits>_<HMAC, base64url>
 */
export function makeUnsubscribeToken(mailKey: Buffer, of: Unsubscription): string {
  const subject =
    "userId" in of ? `${of.userId.replaceAll("-", "")}_${of.kinds.join(".")}` : of.addressHash.toString("hex");
  return `hfu_${subject}_${proofOf(mailKey, subject)}`;
}

const pattern = /^hfu_(?:([0-9a-f]{32})_([a-z.]{1,100})|([0-9a-f]{64}))_[\w-]{43}$/;
const mailKinds: ReadonlySet<string> = new Set([...notificationKinds, "digest"]);

export function readUnsubscribeToken(mailKey: Buffer, token: string): Unsubscription | undefined {
  const [matched, hex, names = "", hash] = pattern.exec(token) ?? [];
  if (matched === undefined) return undefined;
  const subject = hash ?? `${hex}_${names}`;
  if (!isSame(Buffer.from(`hfu_${subject}_${proofOf(mailKey, subject)}`), Buffer.from(token))) return undefined;
  if (hash !== undefined) return { addressHash: Buffer.from(hash, "hex") };
  const id = hex?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") ?? "";
  const kinds = names.split(".").filter((kind): kind is MailKind => mailKinds.has(kind));
  return isId(id) ? { userId: id as UserId, kinds } : undefined;
}

function proofOf(mailKey: Buffer, subject: string): string {
  return createHmac("sha256", mailKey).update(`unsubscribe ${subject}`).digest("base64url");
}
