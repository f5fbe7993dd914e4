import { parseTime } from "@holdfast/core/times";
import { grainNsOf, type MissingFeatures } from "./missing-features.ts";
import type { Fingerprint } from "@holdfast/sync-ports/ports";

export function sameFingerprint(one: Fingerprint, other: Fingerprint): boolean {
  return sameButCtime(one, other) && one.ctimeNs === other.ctimeNs;
}

/** Returns equal texts only for equal fingerprints. */
export function fingerprintText({ inode, sizeBytes, mtimeNs, ctimeNs }: Fingerprint): string {
  return [inode, sizeBytes, mtimeNs, ctimeNs].join(" ");
}

/** A rename and a link preserve these values. */
export function sameButCtime(one: Fingerprint, other: Fingerprint): boolean {
  return one.inode === other.inode && one.sizeBytes === other.sizeBytes && one.mtimeNs === other.mtimeNs;
}

/**
 * True if a later change within the clock's grain could be invisible. A future mtime comes from another clock and
 * changes with any write. The ctime cannot be set.
 */
export function isRecent(
  { mtimeNs, ctimeNs }: Fingerprint,
  startNs: bigint,
  missingFeatures: MissingFeatures,
): boolean {
  const grainNs = grainNsOf(missingFeatures);
  return ctimeNs > startNs - grainNs || (mtimeNs > startNs - grainNs && mtimeNs <= startNs);
}

/** Converts a time of the protocol; undefined: invalid. */
export function nanosOf(text: string): bigint | undefined {
  return Number.isNaN(Date.parse(text)) ? undefined : BigInt(parseTime(text)) * 1000n;
}
