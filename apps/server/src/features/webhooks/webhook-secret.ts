import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Random } from "@holdfast/core/clock";
import type { WebhookId } from "@holdfast/core/ids";

/**
 * Encrypts a webhook's secret, which must be readable to sign, but not with the database alone. AES-256-GCM: nonce,
 * ciphertext, tag.
 */
export function sealSecret(serverKey: Buffer, id: WebhookId, secret: string, random: Random): Buffer {
  const nonce = random(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", keyOf(serverKey), nonce).setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error if the row is from another server */
export function openSecret(serverKey: Buffer, id: WebhookId, sealed: Buffer): Buffer {
  const end = sealed.length - tagBytes;
  const decipher = createDecipheriv("aes-256-gcm", keyOf(serverKey), sealed.subarray(0, nonceBytes));
  decipher.setAAD(Buffer.from(id)).setAuthTag(sealed.subarray(end));
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()]);
}

const nonceBytes = 12;
const tagBytes = 16;

function keyOf(serverKey: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", serverKey, "", "holdfast webhook secrets", 32));
}
