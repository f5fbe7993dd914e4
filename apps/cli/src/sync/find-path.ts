import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { readKnownSyncs } from "./known-syncs.ts";
import type { KnownSync } from "./known-syncs.ts";

/** The last name may be a link. @throws HoldfastError not_found for a path outside of all synced folders */
export async function findPath(configFolder: string, given: string): Promise<{ sync: KnownSync; path: string }> {
  const whole = resolve(given);
  const above = await realpath(dirname(whole)).catch(() => dirname(whole));
  const real = join(above, basename(whole));
  const syncs = await readKnownSyncs(configFolder);
  // Synced folders are never nested.
  const sync = syncs.find(({ record }) => real.startsWith(record.root + sep));
  if (sync === undefined) throw new HoldfastError("not_found", `${real} is not in a synced folder.`);
  const path = real.slice(sync.record.root.length + 1);
  return { sync, path: path.split(sep).join("/") };
}
