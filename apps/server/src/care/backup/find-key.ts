import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import type { Random } from "@holdfast/core/clock";
import {
  keyIdOf,
  keySourceOf,
  keyVariable,
  loadKeyEncryptionKey,
  loadWrappings,
  nextPathOf,
} from "../../packs/keys/key-encryption-key.ts";
import { wrappingBy } from "../../packs/keys/key-wrapping.ts";
import type { Keyring } from "../../packs/keys/keyring.ts";
import { type BackupPlace, openPlaceByKey, readKeyFile } from "./backup-place.ts";

/** In a data folder, and in a backup made with the key. */
export const keyFileName = "key-encryption-key";

export interface OpenedPlace extends BackupPlace {
  readonly keyOf: Keyring["keyOf"];
  /** undefined if the environment provides it. */
  readonly keyEncryptionKey: Uint8Array | undefined;
}

interface Ports {
  readonly location: string;
  readonly store: ObjectStore;
  readonly random: Random;
  readonly keyFiles: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Tries the environment, these files, the backup itself, and the original server.
 * @throws HoldfastError failed, with advice, if no key works
 */
export async function openPlaceByFoundKey(ports: Ports): Promise<OpenedPlace> {
  const { store, random } = ports;
  const lastKnown = await readKeyFile(store, ports.location);
  const tried: string[] = [];
  const byKey = async (where: string, key: Uint8Array | undefined): Promise<OpenedPlace | undefined> => {
    if (key === undefined) return undefined;
    tried.push(where);
    const place = await openPlaceByKey(store, wrappingBy(keyIdOf(key), key, random), random);
    return place === undefined ? undefined : { ...place, keyEncryptionKey: key };
  };
  const inFiles = async (paths: readonly string[]): Promise<OpenedPlace | undefined> => {
    for (const path of paths.flatMap(withOthersBeside)) {
      const found = await byKey(path, await loadKeyEncryptionKey({ disk: nodeDisk, path, variable: undefined }));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const found =
    (await byEnvironment(ports, tried)) ??
    (await inFiles(ports.keyFiles)) ??
    (await byKey("the backup", await readKept(store))) ??
    (await inFiles(lastKnown === undefined ? [] : [lastKnown]));
  if (found !== undefined) return found;
  const wanted = lastKnown ?? `the variable ${keyVariable}`;
  throw new HoldfastError(
    "failed",
    tried.length === 0
      ? `The key that opens the backup is missing: ${wanted} of the server that was backed up. ` +
          `Specify a copy of it with --key FILE or in ${keyVariable}. Nothing was changed.`
      : `The key-encryption key in ${tried.join(", ")} is not the key of the server that was backed up. That key was in ${wanted} when the backup was made. Specify a copy of it with --key FILE. Nothing was changed.`,
  );
}

/**
 * Uses the key of the file, or else of the environment.
 * @param store the part with the metadata
 * @param keyringStore the whole store
 * @throws HoldfastError failed for a wrong key; usage if none is given
 */
export async function openPlaceByGivenKey(
  { store, random, environment }: Omit<Ports, "keyFiles" | "location">,
  keyringStore: ObjectStore,
  keyFile: string | undefined,
): Promise<OpenedPlace> {
  if (keyFile === undefined) {
    if (environment[keyVariable] === undefined) {
      throw new HoldfastError("usage", `Specify the server's key-encryption key with --key FILE or in ${keyVariable}.`);
    }
    return (await byEnvironment({ store, random, environment }, [], keyringStore)) ?? notTheKey(keyVariable);
  }
  let isThere = false;
  for (const path of withOthersBeside(keyFile)) {
    const key = await loadKeyEncryptionKey({ disk: nodeDisk, path, variable: undefined });
    if (key === undefined) continue;
    isThere = true;
    const place = await openPlaceByKey(store, wrappingBy(keyIdOf(key), key, random), random, keyringStore);
    if (place !== undefined) return { ...place, keyEncryptionKey: key };
  }
  if (isThere) return notTheKey(keyFile);
  throw new HoldfastError("not_found", `The key file ${keyFile} does not exist. Nothing was changed.`);
}

function notTheKey(where: string): never {
  throw new HoldfastError(
    "failed",
    `The key-encryption key in ${where} does not open this store. Specify a copy of the right key with --key FILE. ` +
      "Nothing was changed.",
  );
}

async function byEnvironment(
  { store, random, environment }: Omit<Ports, "keyFiles" | "location">,
  tried: string[],
  keyringStore: ObjectStore = store,
): Promise<OpenedPlace | undefined> {
  if (environment[keyVariable] === undefined) return undefined;
  const wrappings = await loadWrappings(keySourceOf(nodeDisk, "/", environment), random);
  if (wrappings === undefined) return undefined;
  tried.push(keyVariable);
  const place = await openPlaceByKey(store, wrappings.current, random, keyringStore);
  return place === undefined ? undefined : { ...place, keyEncryptionKey: undefined };
}

/** Earlier backups need the old key, which is beside the new one. */
function withOthersBeside(path: string): string[] {
  const old = `${basename(path)}.old-`;
  const names = existsSync(dirname(path)) ? readdirSync(dirname(path)).filter((name) => name.startsWith(old)) : [];
  return [path, nextPathOf({ path }), ...names.map((name) => join(dirname(path), name))];
}

async function readKept(store: ObjectStore): Promise<Uint8Array | undefined> {
  if ((await store.stat(keyFileName)) === undefined) return undefined;
  const text = Buffer.from(await store.get(keyFileName)).toString("latin1");
  return new Uint8Array(Buffer.from(text.trim(), "base64"));
}
