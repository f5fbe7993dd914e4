import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import type { Shards } from "../../../base/db/shards.ts";

/** Shared by all instances of a server. */
export interface ServerSecrets {
  /** Random hex digits by which clients recognize this server. */
  readonly serverId: string;
  /** Ed25519, for access tokens. */
  readonly accessPrivateKey: KeyObject;
  readonly accessPublicKey: KeyObject;
  /** HMAC-SHA256, 32 bytes each. */
  readonly refreshKey: Buffer;
  readonly grantKey: Buffer;
  /** 32 bytes; derives the secrets of mails. */
  readonly mailKey: Buffer;
  /** 32 bytes; derives the keys of thumbnails on disks. */
  readonly thumbKey: Buffer;
  /** 32 bytes; chains the entries of the audit. */
  readonly auditKey: Buffer;
}

/** Wraps secrets under the key-encryption key, so that the database alone is useless. */
export interface SecretWrapper {
  wrapSecret(label: string, secret: Uint8Array): Buffer | Promise<Buffer>;
  /** @throws HoldfastError if another key wrapped the secret */
  unwrapSecret(label: string, wrapped: Uint8Array): Buffer | Promise<Buffer>;
}

/** One of several simultaneous instances wins. */
export async function openServerSecrets(
  shards: Shards,
  wrapper: SecretWrapper,
  random: Random,
): Promise<ServerSecrets> {
  const fact = (name: string, make: () => Buffer) => readOrMake(shards, wrapper, name, make);
  const serverId = await fact("server_id", () => Buffer.from(random(16)));
  const accessKey = await fact("access_token_key", () =>
    generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" }),
  );
  const refreshKey = await fact("refresh_token_key", () => Buffer.from(random(32)));
  const grantKey = await fact("grant_key", () => Buffer.from(random(32)));
  const mailKey = await fact("mail_key", () => Buffer.from(random(32)));
  const thumbKey = await fact("thumb_key", () => Buffer.from(random(32)));
  const auditKey = await openAuditKey(shards, wrapper, random);
  const accessPrivateKey = createPrivateKey({ key: accessKey, format: "der", type: "pkcs8" });
  return {
    serverId: serverId.toString("hex"),
    accessPrivateKey,
    accessPublicKey: createPublicKey(accessPrivateKey),
    refreshKey,
    grantKey,
    mailKey,
    thumbKey,
    auditKey,
  };
}

/** Separate for commands beside the data, which need no other secret. */
export function openAuditKey(shards: Shards, wrapper: SecretWrapper, random: Random): Promise<Buffer> {
  return readOrMake(shards, wrapper, "audit_key", () => Buffer.from(random(32)));
}

export interface ServerFact {
  readonly name: string;
  readonly value: Buffer;
  readonly wrapped: Buffer;
}

/** One of several simultaneous processes wins. */
export async function serverFact(
  shards: Shards,
  wrapper: SecretWrapper,
  name: string,
  make: () => Buffer,
): Promise<ServerFact> {
  const { db } = shards.of(toBucket(0));
  const read = () => db.selectFrom("shard.server_facts").select("value").where("name", "=", name).executeTakeFirst();
  let stored = await read();
  if (stored === undefined) {
    const value = await wrapper.wrapSecret(name, make());
    await db
      .insertInto("shard.server_facts")
      .values({ name, value })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    stored = await read();
  }
  if (stored === undefined) throw new HoldfastError("internal", `The server's ${name} could not be stored.`);
  return { name, value: await wrapper.unwrapSecret(name, stored.value), wrapped: stored.value };
}

/** @returns false if it has changed since */
export async function replaceServerFact(
  shards: Shards,
  wrapper: SecretWrapper,
  { name, wrapped }: ServerFact,
  value: Buffer,
): Promise<boolean> {
  const { numUpdatedRows } = await shards
    .of(toBucket(0))
    .db.updateTable("shard.server_facts")
    .set({ value: await wrapper.wrapSecret(name, value) })
    .where("name", "=", name)
    .where("value", "=", wrapped)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

async function readOrMake(shards: Shards, wrapper: SecretWrapper, name: string, make: () => Buffer): Promise<Buffer> {
  return (await serverFact(shards, wrapper, name, make)).value;
}
