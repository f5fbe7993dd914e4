import { realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { readKnownSyncs } from "./known-syncs.ts";
import type { KnownSync } from "./known-syncs.ts";

/** @throws HoldfastError not_found for a folder that is not synced */
export async function chooseSyncs(configFolder: string, folder: string | undefined): Promise<KnownSync[]> {
  const syncs = await readKnownSyncs(configFolder);
  if (folder === undefined) return syncs;
  const root = await realRoot(folder);
  const chosen = syncs.filter(({ record }) => record.root === root);
  if (chosen.length > 0) return chosen;
  const around = syncs.find(({ record }) => root.startsWith(record.root + sep))?.record.root;
  if (around !== undefined)
    throw new HoldfastError("not_found", `${root} is part of the synced folder ${around}. Use that folder instead.`);
  const known =
    syncs.length === 0
      ? "Nothing is synced here yet."
      : `Synced folders: ${syncs.map(({ record }) => record.root).join(", ")}.`;
  throw new HoldfastError("not_found", `${root} is not synced. ${known}`);
}

/** A missing folder keeps its given path. */
export async function realRoot(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (thrown) {
    if (thrown instanceof Error && Reflect.get(thrown, "code") === "ENOENT") return resolve(folder);
    throw thrown;
  }
}
