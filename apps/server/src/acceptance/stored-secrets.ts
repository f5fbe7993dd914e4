import { createDecipheriv, createPrivateKey, hkdfSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { queryDatabase } from "./testing.ts";

/**
 * Secrets of a running server, opened as docs/format.md describes (Keyring, Sealing) without the server's own code.
 * A thief of the whole data folder could do the same. Other tests use these real secrets in their searches for plaintext.
 */
export interface StoredSecrets {
  readonly keyEncryptionKey: Buffer;
  readonly dataKeys: ReadonlyMap<number, Buffer>;
  readonly accessKey: KeyObject;
  readonly refreshKey: Buffer;
  readonly grantKey: Buffer;
  readonly mailKey: Buffer;
}

export async function openStoredSecrets(dataFolder: string): Promise<StoredSecrets> {
  const keyEncryptionKey = Buffer.from(readFileSync(join(dataFolder, "key-encryption-key"), "utf8").trim(), "base64");
  const dataKeys = new Map<number, Buffer>();
  for (const { epoch, wrapped, created_at } of await queryDatabase(dataFolder, "select * from cell.data_keys")) {
    const label = Buffer.concat([
      Buffer.from("holdfast data key 2"),
      uint32(Number(epoch)),
      uint64(BigInt(created_at)),
    ]);
    if (wrapped[0] !== 2) throw new Error(`The data key of epoch ${epoch} has the format ${wrapped[0]}.`);
    dataKeys.set(Number(epoch), open(keyEncryptionKey, wrapped.subarray(1, 13), label, wrapped.subarray(13)));
  }
  const facts = await queryDatabase(dataFolder, "select name, value from shard.server_facts");
  const secret = (name: string) => openSecret(dataKeys, name, facts.find((fact) => fact.name === name).value);
  return {
    keyEncryptionKey,
    dataKeys,
    accessKey: createPrivateKey({ key: secret("access_token_key"), format: "der", type: "pkcs8" }),
    refreshKey: secret("refresh_token_key"),
    grantKey: secret("grant_key"),
    mailKey: secret("mail_key"),
  };
}

function openSecret(dataKeys: ReadonlyMap<number, Buffer>, label: string, stored: Buffer): Buffer {
  const head = stored.subarray(0, 21);
  const dataKey = dataKeys.get(head.readUInt32BE(1))!;
  const key = Buffer.from(hkdfSync("sha256", dataKey, head.subarray(5), "holdfast secret 1", 32));
  return open(key, Buffer.alloc(12), Buffer.concat([head, Buffer.from(label)]), stored.subarray(21));
}

function open(key: Buffer, nonce: Buffer, additional: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce);
  decipher.setAAD(additional);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
