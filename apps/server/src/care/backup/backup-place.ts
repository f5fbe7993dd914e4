import { shownAddress } from "../../base/config/shown-address.ts";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { z } from "zod";
import type { KeyWrapping } from "../../packs/keys/key-wrapping.ts";
import type { Keyring } from "../../packs/keys/keyring.ts";
import { type DataKey, unwrapSecret } from "../../packs/keys/secrets.ts";
import { packPrefix } from "../../packs/format/pack-format.ts";
import { keyringKey, readKeyringObject } from "../../packs/keys/wrapped-keys.ts";
import { openBox, type SealedBox } from "./sealed-box.ts";

/**
 * Packs, the keyring, the database's files in pieces, and a manifest for each backup. Only objects named by a manifest
 * belong to a backup.
 */
export interface BackupPlace {
  readonly store: ObjectStore;
  readonly box: SealedBox;
  /** 16 random hex digits, set when the place was created. */
  readonly id: string;
  /** Absolute path of the server's key-encryption key; undefined for a key from the environment. */
  readonly keyFile: string | undefined;
}

interface Ports {
  readonly store: ObjectStore;
  /** The server's keyring as in its store; undefined if the place is in that store. */
  readonly keyringObject: Uint8Array | undefined;
  readonly keyring: Keyring;
  readonly random: Random;
  readonly keyFile: string | undefined;
}

/** An empty place is set up. @throws HoldfastError conflict if it contains something else */
export async function openOrMakePlace(ports: Ports): Promise<BackupPlace> {
  const { store, keyring, random } = ports;
  const head = (await readHead(store)) ?? (await makeHead(ports));
  const secret = await openSecret(head, (epoch) => keyring.keyOf(epoch));
  return { store, id: head.id, keyFile: head.key_file ?? undefined, box: openBox(secret, random) };
}

/** @throws HoldfastError unavailable if the place is missing: an unmounted disk must not be replaced by a new place */
export async function openPlace(
  { store, keyring, random }: Omit<Ports, "keyFile" | "keyringObject">,
  id: string,
): Promise<BackupPlace> {
  const head = await readHead(store);
  if (head?.id !== id) {
    throw new HoldfastError("unavailable", "The location of the last backup is not available. Is its disk mounted?");
  }
  const secret = await openSecret(head, (epoch) => keyring.keyOf(epoch));
  return { store, id, keyFile: head.key_file ?? undefined, box: openBox(secret, random) };
}

/**
 * Needs only a key-encryption key or a key service.
 * @param keyringStore contains the keyring
 * @returns undefined for the wrong key
 * @throws HoldfastError not_found if there is no backup; damaged
 */
export async function openPlaceByKey(
  store: ObjectStore,
  wrapping: KeyWrapping,
  random: Random,
  keyringStore: ObjectStore = store,
): Promise<(BackupPlace & { readonly keyOf: Keyring["keyOf"] }) | undefined> {
  const head = await readHead(store);
  if (head === undefined) throw noBackup("in this store");
  const keys = new Map<number, DataKey>();
  for (const wrapped of await readKeyringObject(keyringStore)) {
    const opened = await wrapping.unwrap(wrapped);
    if (opened === undefined) return undefined;
    keys.set(wrapped.epoch, { epoch: wrapped.epoch, key: opened.key });
  }
  const keyOf = async (epoch: number): Promise<DataKey> => keys.get(epoch) ?? missingKey(epoch);
  const secret = await openSecret(head, keyOf);
  return { store, id: head.id, keyFile: head.key_file ?? undefined, box: openBox(secret, random), keyOf };
}

/** Needs no key. @throws HoldfastError not_found */
export async function readKeyFile(store: ObjectStore, location: string): Promise<string | undefined> {
  const head = await readHead(store);
  if (head === undefined) throw noBackup(`in ${shownAddress(location)}`);
  return head.key_file ?? undefined;
}

const headKey = "backup.json";
const headFormat = "holdfast backup 1";
const headBytesMax = 16 * 1024;
const secretLabel = "backup";
const headSchema = z.strictObject({
  format: z.literal(headFormat),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  secret: z.base64(),
  key_file: z.string().nullable(),
});
type Head = z.output<typeof headSchema>;

async function readHead(store: ObjectStore): Promise<Head | undefined> {
  const stat = await store.stat(headKey);
  if (stat === undefined) return undefined;
  const parsed = headSchema.safeParse(stat.sizeBytes > headBytesMax ? undefined : await readJson(store));
  if (parsed.success) return parsed.data;
  throw new HoldfastError("damaged", `The backup's ${headKey} is damaged, or of a newer Holdfast.`);
}

async function readJson(store: ObjectStore): Promise<unknown> {
  try {
    return JSON.parse(Buffer.from(await store.get(headKey)).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Written before everything except its keys, so that later objects are known to belong to a backup. */
async function makeHead({ store, keyring, keyringObject, random, keyFile }: Ports): Promise<Head> {
  if (await holdsPacks(store)) {
    throw new HoldfastError(
      "conflict",
      "This location has packs and no backup, so it is the store of a server. Choose another folder for backups.",
    );
  }
  const secret = await keyring.wrapSecret(secretLabel, random(32));
  const head: Head = {
    format: headFormat,
    id: Buffer.from(random(8)).toString("hex"),
    secret: Buffer.from(secret).toString("base64"),
    key_file: keyFile ?? null,
  };
  if (keyringObject !== undefined) await store.put(keyringKey, keyringObject);
  await store.put(headKey, Buffer.from(`${JSON.stringify(head, undefined, 2)}\n`));
  return head;
}

async function holdsPacks(store: ObjectStore): Promise<boolean> {
  const packs = store.list(packPrefix)[Symbol.asyncIterator]();
  const { done } = await packs.next();
  await packs.return?.();
  return done !== true;
}

async function openSecret(head: Head, keyOf: Keyring["keyOf"]): Promise<Uint8Array> {
  try {
    return await unwrapSecret(keyOf, secretLabel, Buffer.from(head.secret, "base64"));
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    throw new HoldfastError(
      "conflict",
      "The backup in this location belongs to another server or is damaged: the keys of this server do not open it. Choose another folder.",
      { cause: error },
    );
  }
}

function missingKey(epoch: number): never {
  throw new HoldfastError("damaged", `The backup is damaged: its keyring lacks the data key of epoch ${epoch}.`);
}

function noBackup(where: string): HoldfastError {
  return new HoldfastError(
    "not_found",
    `There is no backup ${where}. Specify the folder or address that was used with 'holdfast admin backup'.`,
  );
}
