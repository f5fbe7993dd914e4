import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { type Bucket, bucketOfHash } from "@holdfast/core/ids";
import { accountRoutes } from "@holdfast/protocol/account-routes";
import { isPlainText } from "./plain-text.ts";

/**
 * The form under which two spellings of an address are one account, and one count of failures. NFC and not NFKC, which
 * RFC 6532 (3.1) warns of since it would make one of two different mailboxes.
 */
export function emailKey(email: string): string {
  return email.trim().normalize("NFC").toLowerCase().normalize("NFC");
}

/** Where the directory row of an address lives. */
export function bucketOfEmail(key: string): Bucket {
  return bucketOfHash(sha256(Buffer.from(key)));
}

/** Two addresses that differ only in such characters look the same. */
const invisible = /[\p{C}\p{Z}]/u;

export function isVisible(email: string): boolean {
  return isPlainText(email) && !invisible.test(email.trim());
}

/** @throws HoldfastError invalid_field */
export function assertAddress(email: string): void {
  if (isVisible(email) && accountRoutes.createAccount.body.shape.email.safeParse(email.trim()).success) return;
  throw new HoldfastError("invalid_field", "email: is not an e-mail address.", { field: "email" });
}
