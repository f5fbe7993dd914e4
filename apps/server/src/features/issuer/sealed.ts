import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import type { AccountWorld } from "../accounts/context/account-world.ts";

type Parts = Pick<AccountWorld, "secrets" | "random">;
/** Purpose of an encrypted value, which is valid for no other purpose. */
export type SealUse = "leaving" | "answer";

/** Encrypts with AES-256-GCM and a key derived from the server's: 12 random bytes, ciphertext, 16-byte tag. */
export function seal({ secrets, random }: Parts, use: SealUse, value: object): string {
  const nonce = Buffer.from(random(nonceBytes));
  const cipher = createCipheriv("aes-256-gcm", keyOf(secrets.refreshKey), nonce).setAAD(Buffer.from(use));
  const sealed = [nonce, cipher.update(JSON.stringify(value)), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString("base64url");
}

/** @returns undefined for an invalid value or another purpose */
export function unseal({ secrets }: Pick<Parts, "secrets">, use: SealUse, text: string): unknown {
  const bytes = Buffer.from(text, "base64url");
  const end = bytes.length - tagBytes;
  if (end < nonceBytes) return undefined;
  try {
    const decipher = createDecipheriv("aes-256-gcm", keyOf(secrets.refreshKey), bytes.subarray(0, nonceBytes))
      .setAAD(Buffer.from(use))
      .setAuthTag(bytes.subarray(end));
    const opened = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, end)), decipher.final()]);
    return JSON.parse(opened.toString()) as unknown;
  } catch {
    return undefined;
  }
}

function keyOf(serverKey: Buffer): Buffer {
  return createHmac("sha256", serverKey).update("sign-in through an outside issuer").digest();
}

const nonceBytes = 12;
const tagBytes = 16;
