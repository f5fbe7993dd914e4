import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import type { FolderAbilities } from "@holdfast/synced-folder/probe-folder";

type Needed = "executableBit" | "symbolicLinks" | "exchange";

const needed: Readonly<Record<Needed, string>> = {
  executableBit: "keep whether a file may be executed",
  symbolicLinks: "hold symbolic links",
  exchange: "exchange two names in one step",
};

/**
 * Without these a sync would take what the filesystem cannot hold for a change of its owner, or could not replace a file safely.
 * @throws HoldfastError failed that names what is missing
 */
export function requireAbilities(root: string, abilities: Pick<FolderAbilities, Needed>): void {
  const missing = (Object.keys(needed) as Needed[]).filter((ability) => !abilities[ability]);
  if (missing.length === 0) return;
  const what = missing.map((ability) => needed[ability]).join(", nor ");
  throw new HoldfastError(
    "failed",
    `${root} is on a filesystem that cannot ${what}. Choose a folder on another one, such as ext4, XFS or Btrfs.`,
  );
}

/** Under one key two names of one folder are one on this disk. */
export function slotKeyOf({ foldsCase }: Pick<FolderAbilities, "foldsCase">): (name: string) => string {
  // By way of the upper case ß and ss, or the two forms of σ, become one, as they are for some filesystems.
  return foldsCase ? (name) => nameKey(nameKey(name).toUpperCase().toLowerCase()) : nameKey;
}
