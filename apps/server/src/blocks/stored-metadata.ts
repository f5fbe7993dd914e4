import type { ObjectStore } from "@holdfast/object-store/object-store";
import { withPrefix } from "@holdfast/object-store/with-prefix";

/** In a place of backups, and in the part of a store with the metadata: what says what a backup has, and the database's log. */
export const manifestPrefix = "backups/";
export const logPrefix = "log/";

export const metadataPrefix = "metadata/";

/**
 * Where in the store of a server its metadata lies: as in a place of backups, but for the packs and the keyring, which the store has
 * already. Nothing done there can touch these.
 */
export function metadataPartOf(store: ObjectStore): ObjectStore {
  return withPrefix(store, metadataPrefix);
}

/** The id of the newest snapshot that a store has, which needs no key. */
export async function newestSnapshot(store: ObjectStore): Promise<string | undefined> {
  let newest: string | undefined;
  for await (const { key } of metadataPartOf(store).list(manifestPrefix)) newest = key.slice(manifestPrefix.length);
  return newest;
}

/** Milliseconds since 1970. @returns undefined for what is no id of a backup */
export function timeOfBackup(id: string): number | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)(\d{3})z-/.exec(id) ?? [];
  if (parts.length === 0) return undefined;
  const [year, month, day, hour, minute, second, ms] = parts.map(Number) as [number, ...number[]];
  return Date.UTC(year, (month ?? 1) - 1, day, hour, minute, second, ms);
}
