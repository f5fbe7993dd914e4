import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { type Bucket, bucketOfHash } from "@holdfast/core/ids";
import { accountRoutes } from "@holdfast/protocol/account-routes";
import { isPlainText } from "./plain-text.ts";

/** NFC, because NFKC merges different mailboxes (RFC 6532, 3.1); `isDistinct` rejects such addresses. */
export function emailKey(email: string): string {
  return email.trim().normalize("NFC").toLowerCase().normalize("NFC");
}

export function bucketOfEmail(key: string): Bucket {
  return bucketOfHash(sha256(Buffer.from(key)));
}

/** Invisible characters, and the ideographic full stop, which mail servers treat as a dot. */
const misleading = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u3002]/u;

/** False for hidden characters, full-width letters, ligatures and the like, which imitate other addresses. */
export function isDistinct(email: string): boolean {
  const text = email.trim();
  return isPlainText(email) && !misleading.test(text) && text.normalize("NFKC") === text.normalize("NFC");
}

/** @throws HoldfastError invalid_field */
export function assertAddress(email: string): void {
  if (isDistinct(email) && accountRoutes.createAccount.body.shape.email.safeParse(email.trim()).success) return;
  throw new HoldfastError("invalid_field", "email: is not an e-mail address.", { field: "email" });
}
