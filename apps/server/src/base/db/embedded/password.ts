import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "@holdfast/disk/disk";
import { isNotFound } from "@holdfast/disk/disk-error";
import { writeFileDurably } from "@holdfast/disk/write-durably";

/** Path of the database's password, which only the server's user can read. */
export function passwordPath(dataFolder: string): string {
  return join(dataFolder, "database-password");
}

export function readPassword(dataFolder: string): string | undefined {
  const path = passwordPath(dataFolder);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

/** @returns durable content, without which nothing opens the database */
export async function makePassword(
  disk: Disk,
  dataFolder: string,
  random: (sizeBytes: number) => Uint8Array,
): Promise<string> {
  const path = passwordPath(dataFolder);
  try {
    const text = Buffer.from(await disk.readFile(path))
      .toString()
      .trim();
    // Its creator may have been killed before its name was durable.
    await disk.syncFolder(dataFolder);
    return text;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const password = Buffer.from(random(32)).toString("base64url");
  await writeFileDurably(disk, path, Buffer.from(`${password}\n`), { mode: 0o600, random });
  return password;
}
