import { dirname } from "node:path";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { Disk } from "@holdfast/disk/disk";
import { isNotFound, isTaken } from "@holdfast/disk/disk-error";
import { writeNewFile } from "@holdfast/disk/write-durably";

export const keyVariable = "HOLDFAST_KEY_ENCRYPTION_KEY";

/** Where the key that wraps the data keys comes from. The variable wins over the file. */
export interface KeySource {
  readonly disk: Disk;
  /** Absolute; usually `key-encryption-key` in the data folder. */
  readonly path: string;
  /** What HOLDFAST_KEY_ENCRYPTION_KEY holds. */
  readonly variable: string | undefined;
}

/**
 * @returns 32 bytes, or undefined where there is no key yet
 * @throws HoldfastError failed where what is there is no key
 */
export async function loadKeyEncryptionKey({ disk, path, variable }: KeySource): Promise<Uint8Array | undefined> {
  if (variable !== undefined) return parseKey(variable, `The variable ${keyVariable}`);
  let content: Uint8Array;
  try {
    const { sizeBytes } = await disk.stat(path);
    if (sizeBytes > keyFileBytesMax) throw noKey(`The file ${path}`);
    content = await disk.readFile(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  const key = parseKey(Buffer.from(content).toString("latin1"), `The file ${path}`);
  // Whoever made it may have been killed before the name was durable.
  await disk.syncFolder(dirname(path));
  return key;
}

/**
 * Makes the key file, whose folder must be durable. It is never overwritten: of several that do this at once, all get the key of the first.
 * @returns 32 bytes, once they are durable
 */
export async function createKeyEncryptionKey(source: KeySource, random: Random): Promise<Uint8Array> {
  const { disk, path } = source;
  const temporary = `${path}.${Buffer.from(random(8)).toString("hex")}.tmp`;
  const text = `${Buffer.from(random(keyBytes)).toString("base64")}\n`;
  await writeNewFile(disk, temporary, Buffer.from(text), { mode: 0o600 });
  try {
    // A link fails where a rename would replace.
    await disk.link(temporary, path);
  } catch (error) {
    if (!isTaken(error)) throw error;
  } finally {
    await disk.unlink(temporary);
  }
  // Syncs the name as it reads.
  const key = await loadKeyEncryptionKey({ ...source, variable: undefined });
  if (key === undefined) throw new HoldfastError("failed", `The file ${path} was removed while the server started.`);
  return key;
}

const keyBytes = 32;
const keyFileBytesMax = 256;

function parseKey(text: string, where: string): Uint8Array {
  const base64 = text.trim();
  const key = Buffer.from(base64, "base64");
  if (key.length !== keyBytes || key.toString("base64") !== base64) throw noKey(where);
  return new Uint8Array(key);
}

function noKey(where: string): HoldfastError {
  return new HoldfastError(
    "failed",
    `${where} does not hold a key: 32 bytes in base64 (44 characters). Put back the one that this server was set up with; ` +
      "without it nothing that was stored can be read.",
  );
}
