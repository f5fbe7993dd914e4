import type { Fingerprint } from "@holdfast/sync-ports/ports";

/** Former format: JSON, with a fingerprint's numbers as digits in field order. */
export function decodeRow<Row>(text: string): Row {
  const row: unknown = JSON.parse(text);
  if (typeof row !== "object" || row === null) return row as Row;
  if (!hasFingerprint<readonly string[]>(row)) return row as Row;
  const { sight, fingerprint, ...rest } = row;
  return { ...rest, readState: sight, fingerprint: decodeFingerprint(fingerprint) } as Row;
}

function hasFingerprint<Kind>(row: unknown): row is { readonly fingerprint: Kind; readonly sight: unknown } {
  return typeof row === "object" && row !== null && "fingerprint" in row;
}

function decodeFingerprint([
  inode = "",
  sizeBytes = "",
  mtimeNs = "",
  ctimeNs = "",
  birthNs = "",
]: readonly string[]): Fingerprint {
  return {
    inode: BigInt(inode),
    sizeBytes: Number(sizeBytes),
    mtimeNs: BigInt(mtimeNs),
    ctimeNs: BigInt(ctimeNs),
    birthNs: BigInt(birthNs),
  };
}
