import { parseTime } from "@holdfast/core/times";
import { grainNsOf, type Lacks } from "./lacks.ts";
import type { Fingerprint } from "@holdfast/sync-ports/ports";

export function sameFingerprint(one: Fingerprint, other: Fingerprint): boolean {
  return sameButCtime(one, other) && one.ctimeNs === other.ctimeNs;
}

/** Equal for equal fingerprints only. */
export function fingerprintText({ inode, sizeBytes, mtimeNs, ctimeNs }: Fingerprint): string {
  return [inode, sizeBytes, mtimeNs, ctimeNs].join(" ");
}

/** What a rename and a link leave as they are. */
export function sameButCtime(one: Fingerprint, other: Fingerprint): boolean {
  return one.inode === other.inode && one.sizeBytes === other.sizeBytes && one.mtimeNs === other.mtimeNs;
}

/**
 * A time in the future is somebody else's clock: a write would change it, so it hides nothing. The ctime cannot be set.
 */
export function isRecent({ mtimeNs, ctimeNs }: Fingerprint, startNs: bigint, lacks: Lacks): boolean {
  const grainNs = grainNsOf(lacks);
  return ctimeNs > startNs - grainNs || (mtimeNs > startNs - grainNs && mtimeNs <= startNs);
}

/** Nanoseconds of a time of the wire; undefined for none. */
export function nanosOf(text: string): bigint | undefined {
  return Number.isNaN(Date.parse(text)) ? undefined : BigInt(parseTime(text)) * 1000n;
}
