import type { Faults } from "../faults.ts";
import type { Fingerprint } from "../trees.ts";

export function sameFingerprint(one: Fingerprint, other: Fingerprint, faults?: Faults): boolean {
  const sameCtime = one.ctimeNs === other.ctimeNs || faults?.has("ctime is ignored") === true;
  return sameButCtime(one, other) && sameCtime;
}

/** What a rename and a link leave as they are. */
export function sameButCtime(one: Fingerprint, other: Fingerprint): boolean {
  return one.inode === other.inode && one.sizeBytes === other.sizeBytes && one.mtimeNs === other.mtimeNs;
}
