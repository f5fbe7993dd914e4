import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Random } from "@holdfast/core/clock";
import type { WebhookId } from "@holdfast/core/ids";

/** A webhook's secret signs, so it has to be read again; the database alone does not open it. AES-256-GCM: nonce, sealed bytes, tag. */
export function sealSecret(serverKey: Buffer, id: WebhookId, secret: string, random: Random): Buffer {
  const nonce = random(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", keyOf(serverKey), nonce).setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error where the row is not of this server */
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
