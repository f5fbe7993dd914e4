import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { MailId } from "@holdfast/core/ids";

/**
 * Encrypts the link of a queued mail with AES-256-GCM and a key derived from the server's: 12 random bytes, ciphertext,
 * 16-byte tag, which also covers the mail's id.
 */
export function sealLink(mailKey: Buffer, id: MailId, link: string, random: Random): Buffer {
  const nonce = Buffer.from(random(nonceBytes));
  const cipher = createCipheriv("aes-256-gcm", linkKey(mailKey), nonce).setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(link, "utf8"), cipher.final(), cipher.getAuthTag()]);
}

/** @throws HoldfastError failed for an invalid value or another mail's */
export function openLink(mailKey: Buffer, id: MailId, sealed: Uint8Array): string {
  try {
    const bytes = Buffer.from(sealed);
    const end = bytes.length - tagBytes;
    const decipher = createDecipheriv("aes-256-gcm", linkKey(mailKey), bytes.subarray(0, nonceBytes))
      .setAAD(Buffer.from(id))
      .setAuthTag(bytes.subarray(end));
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, end)), decipher.final()]).toString("utf8");
  } catch (error) {
    throw new HoldfastError("failed", "The link of an e-mail cannot be decrypted with this server's key.", {
      cause: error,
    });
  }
}

const nonceBytes = 12;
const tagBytes = 16;

function linkKey(mailKey: Buffer): Buffer {
  return createHmac("sha256", mailKey).update("link of a mail").digest();
}
