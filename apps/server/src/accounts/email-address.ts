import { sha256 } from "@holdfast/core/hash";
import { type Bucket, bucketOfHash } from "@holdfast/core/ids";

/** The form under which two spellings of an address are one account. */
export function emailKey(email: string): string {
  return email.trim().normalize("NFC").toLowerCase();
}

/** Where the directory row of an address lives. */
export function bucketOfEmail(key: string): Bucket {
  return bucketOfHash(sha256(Buffer.from(key)));
}
