import type { ObjectStore } from "@holdfast/object-store/object-store";
import { withPrefix } from "@holdfast/object-store/with-prefix";

/** Prefixes for backup manifests and the database's log, in a place of backups and in the metadata part of a store. */
export const manifestPrefix = "backups/";
export const logPrefix = "log/";

export const metadataPrefix = "metadata/";

/**
 * Returns the part of a server's store with its metadata. The layout equals a place of backups, without packs and
 * keyring, which the store has already and which this part cannot change.
 */
export function metadataPartOf(store: ObjectStore): ObjectStore {
  return withPrefix(store, metadataPrefix);
}

/** Needs no key. */
export async function newestSnapshot(store: ObjectStore): Promise<string | undefined> {
  let newest: string | undefined;
  for await (const { key } of metadataPartOf(store).list(manifestPrefix)) newest = key.slice(manifestPrefix.length);
  return newest;
}

/** Returns milliseconds since 1970. @returns undefined for an invalid id */
export function timeOfBackup(id: string): number | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)(\d{3})z-/.exec(id) ?? [];
  if (parts.length === 0) return undefined;
  const [year, month, day, hour, minute, second, ms] = parts.map(Number) as [number, ...number[]];
  return Date.UTC(year, (month ?? 1) - 1, day, hour, minute, second, ms);
}
