import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";

/**
 * A cursor may name an item that is hidden from the reader, so it is encrypted with AES-256-GCM and a key derived from
 * the server's: 12 random bytes, the encrypted cursor and a 16-byte tag.
 * @param about user and list of the cursor; a cursor of another one is rejected
 */
export function sealedCursors(serverKey: Buffer, about: string) {
  const key = createHmac("sha256", serverKey).update("cursor of a list").digest();
  const proved = Buffer.from(about);
  return {
    /** @throws HoldfastError bad_request if the cursor is not from this list */
    open(cursor: string | undefined): string | undefined {
      if (cursor === undefined) return undefined;
      try {
        const bytes = Buffer.from(cursor, "base64url");
        const end = bytes.length - tagBytes;
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes))
          .setAAD(proved)
          .setAuthTag(bytes.subarray(end));
        const opened = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, end)), decipher.final()]);
        return opened.toString("base64url");
      } catch (cause) {
        const message = "The cursor is not from this list. Start without it.";
        throw new HoldfastError("bad_request", message, { field: "cursor", cause });
      }
    },
    seal<Page extends { readonly next_cursor: string | null }>(page: Page): Page {
      if (page.next_cursor === null) return page;
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(proved);
      const sealed = [nonce, cipher.update(page.next_cursor, "base64url"), cipher.final(), cipher.getAuthTag()];
      return { ...page, next_cursor: Buffer.concat(sealed).toString("base64url") };
    },
  };
}

const nonceBytes = 12;
const tagBytes = 16;
