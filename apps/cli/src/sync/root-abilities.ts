import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import type { Lack, Lacks } from "@holdfast/sync/model/lacks";
import type { FolderAbilities } from "@holdfast/synced-folder/probe-folder";

/** Where names come back otherwise than they were given a sync would take that for a renaming. @throws HoldfastError failed */
export function requireAbilities(root: string, { keepsNames }: Pick<FolderAbilities, "keepsNames">): void {
  if (keepsNames) return;
  throw new HoldfastError(
    "failed",
    `${root} is on a filesystem that changes the letters of names. Choose a folder on another one, such as ext4, XFS or Btrfs.`,
  );
}

type Telling =
  | "executableBit"
  | "privateModes"
  | "openModes"
  | "symbolicLinks"
  | "hardLinks"
  | "exchange"
  | "stableInodes"
  | "allNames"
  | "timestampGrainNs";

/** Times in steps of up to 50 ms tell as much as the clock of a kernel. */
const fineGrainNs = 50_000_000n;

/** What the engine has to do without. */
export function lacksOf(abilities: Pick<FolderAbilities, Telling>): Lacks {
  const lacks: readonly (readonly [Lack, boolean])[] = [
    ["executable bits", !abilities.executableBit],
    ["private modes", !abilities.privateModes],
    ["open modes", !abilities.openModes],
    ["symbolic links", !abilities.symbolicLinks],
    ["hard links", !abilities.hardLinks],
    ["exchange", !abilities.exchange],
    ["stable inodes", !abilities.stableInodes],
    ["all names", !abilities.allNames],
    ["fine times", abilities.timestampGrainNs > fineGrainNs],
  ];
  return new Set(lacks.flatMap(([lack, is]) => (is ? [lack] : [])));
}

/** Under one key two names of one folder are one on this disk. */
export function slotKeyOf({ foldsCase }: Pick<FolderAbilities, "foldsCase">): (name: string) => string {
  // By way of the upper case ß and ss, or the two forms of σ, become one, as they are for some filesystems.
  return foldsCase ? (name) => nameKey(nameKey(name).toUpperCase().toLowerCase()) : nameKey;
}
