import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { Disk } from "@holdfast/disk/disk";
import { isNotFound, isTaken } from "@holdfast/disk/disk-error";
import { writeNewFile } from "@holdfast/disk/write-durably";
import { isServiceAddress, type KeyServices, openKeyServices } from "./key-service.ts";
import { type KeyWrapping, type KeyWrappings, wrappingBy } from "./key-wrapping.ts";

export const keyVariable = "HOLDFAST_KEY_ENCRYPTION_KEY";
export const newKeyVariable = "HOLDFAST_NEW_KEY_ENCRYPTION_KEY";

/** The variable takes precedence over the file. */
export interface KeySource {
  readonly disk: Disk;
  readonly path: string;
  /** Value of HOLDFAST_KEY_ENCRYPTION_KEY: a key, or the address of one. */
  readonly variable: string | undefined;
  /** Value of HOLDFAST_NEW_KEY_ENCRYPTION_KEY: the key for the next rotation. */
  readonly newVariable?: string | undefined;
  readonly services?: KeyServices;
}

export function keySourceOf(
  disk: Disk,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): KeySource {
  const newVariable = environment[newKeyVariable];
  return {
    disk,
    path: join(folder, "key-encryption-key"),
    variable: environment[keyVariable],
    // An empty variable counts as unset, as for every setting. An empty current key is an error instead.
    newVariable: newVariable === "" ? undefined : newVariable,
    services: openKeyServices(environment),
  };
}

/**
 * Reads all keys again, because a rotation may have changed them.
 * @returns undefined if there is no key yet
 * @throws HoldfastError failed for an invalid key
 */
export async function loadWrappings(source: KeySource, random: Random): Promise<KeyWrappings | undefined> {
  const { variable, newVariable, disk } = source;
  const given = (text: string, where: string) => wrappingGiven(source, random, text, where);
  const next = newVariable === undefined ? undefined : given(newVariable, `The variable ${newKeyVariable}`);
  if (variable !== undefined) return { current: given(variable, `The variable ${keyVariable}`), next, retired: [] };
  const by = (key: Uint8Array): KeyWrapping => wrappingBy(keyIdOf(key), key, random);
  // Must precede the read of the current key: a rotation renames the next key, and could hide it from both reads.
  const nextKey = await readKeyFile(disk, nextPathOf(source));
  const current = await loadKeyEncryptionKey(source);
  if (current === undefined) return undefined;
  const retired = await Promise.all((await listRetired(source)).map((path) => readKeyFile(disk, path)));
  const others = retired.filter((key) => key !== undefined).map(by);
  const nextByFile = nextKey === undefined ? undefined : by(nextKey);
  if (next === undefined || nextByFile === undefined) {
    return { current: by(current), next: next ?? nextByFile, retired: others };
  }
  return { current: by(current), next, retired: [nextByFile, ...others] };
}

function wrappingGiven({ services }: KeySource, random: Random, text: string, where: string): KeyWrapping {
  if (services !== undefined && isServiceAddress(text)) return services(text);
  const key = parseKey(text, where);
  return wrappingBy(keyIdOf(key), key, random);
}

/**
 * @returns 32 bytes; undefined if there is no key yet
 * @throws HoldfastError failed for an invalid key
 */
export async function loadKeyEncryptionKey({ disk, path, variable }: KeySource): Promise<Uint8Array | undefined> {
  if (variable !== undefined) return parseKey(variable, `The variable ${keyVariable}`);
  const key = await readKeyFile(disk, path);
  // Its creator may have been killed before its name was durable.
  if (key !== undefined) await disk.syncFolder(dirname(path));
  return key;
}

/**
 * Never overwrites: concurrent callers all get the first one's key. The folder must be durable.
 * @returns 32 bytes, which are durable
 */
export async function createKeyEncryptionKey({ disk, path }: KeySource, random: Random): Promise<Uint8Array> {
  const temporary = `${path}.${Buffer.from(random(8)).toString("hex")}.tmp`;
  const text = `${Buffer.from(random(keyBytes)).toString("base64")}\n`;
  await writeNewFile(disk, temporary, Buffer.from(text), { mode: 0o600 });
  try {
    // Fails if the name exists, unlike a rename.
    await disk.link(temporary, path);
  } catch (error) {
    if (!isTaken(error)) throw error;
  } finally {
    await disk.unlink(temporary);
  }
  // Also makes the name durable.
  const key = await loadKeyEncryptionKey({ disk, path, variable: undefined });
  if (key === undefined) throw new HoldfastError("failed", `The file ${path} was removed while it was being written.`);
  return key;
}

/** The file exists from before its key's first use until it becomes the current key. */
export function nextPathOf({ path }: Pick<KeySource, "path">): string {
  return `${path}.new`;
}

/**
 * @param key 32 bytes
 * @returns 16 hexadecimal digits
 */
export function keyIdOf(key: Uint8Array): string {
  return createHash("sha256").update("holdfast key id 1").update(key).digest("hex").slice(0, 16);
}

/**
 * Makes the next key, which wraps everything by now, the current one. The old key stays beside it, because it opens the
 * keyrings in earlier backups. May be interrupted anywhere and repeated.
 * @returns path of the old key; undefined if there is no next key
 */
export async function promoteNextKey(source: KeySource): Promise<string | undefined> {
  const { disk, path } = source;
  const current = await readKeyFile(disk, path);
  if (current === undefined || (await readKeyFile(disk, nextPathOf(source))) === undefined) return undefined;
  const retiredPath = `${path}${retiredMark}${keyIdOf(current)}`;
  try {
    await disk.link(path, retiredPath);
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
  await disk.syncFolder(dirname(path));
  // A plain rename never removes the source if it fails; nothing else could open the stored data.
  await disk.rename(nextPathOf(source), path);
  await disk.syncFolder(dirname(path));
  return retiredPath;
}

const keyBytes = 32;
const keyFileBytesMax = 256;
const retiredMark = ".old-";

async function listRetired({ disk, path }: KeySource): Promise<string[]> {
  const found: string[] = [];
  const beginning = `${basename(path)}${retiredMark}`;
  for await (const { name, kind } of disk.list(dirname(path))) {
    if (kind === "file" && name.startsWith(beginning)) found.push(join(dirname(path), name));
  }
  return found.toSorted();
}

async function readKeyFile(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  let content: Uint8Array;
  try {
    const { sizeBytes } = await disk.stat(path);
    if (sizeBytes > keyFileBytesMax) throw noKey(`The file ${path}`);
    content = await disk.readFile(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  return parseKey(Buffer.from(content).toString("latin1"), `The file ${path}`);
}

function parseKey(text: string, where: string): Uint8Array {
  const base64 = text.trim();
  const key = Buffer.from(base64, "base64");
  if (key.length !== keyBytes || key.toString("base64") !== base64) throw noKey(where);
  return new Uint8Array(key);
}

function noKey(where: string): HoldfastError {
  return new HoldfastError(
    "failed",
    `${where} does not contain a key: 32 bytes in base64 (44 characters). Restore the key that this server was set up with; ` +
      "without it, no stored data can be read.",
  );
}
