import type { Fingerprint } from "../trees.ts";

/** Of one row alone. */
const unique = new Set(["revision", "operationId"]);
const fingerprintFields = ["inode", "sizeBytes", "mtimeNs", "ctimeNs", "birthNs"] as const;

/** Rows are JSON; the numbers of a fingerprint, most beyond 2^53, are its digits in the order of its fields. */
export function encodeRow(row: unknown): string {
  if (!hasFingerprint<Fingerprint>(row)) return JSON.stringify(row);
  const { fingerprint } = row;
  return JSON.stringify({ ...row, fingerprint: fingerprintFields.map((field) => String(fingerprint[field])) });
}

/** Of what `encodeRow` wrote: the database is the device's own. */
export function decodeRow<Row>(text: string, strings: SharedStrings): Row {
  const row: unknown = JSON.parse(text);
  if (typeof row !== "object" || row === null) return row as Row;
  strings.share(row);
  if (hasFingerprint<readonly string[]>(row)) Object.assign(row, { fingerprint: decodeFingerprint(row.fingerprint) });
  return row as Row;
}

function hasFingerprint<Kind>(row: unknown): row is { readonly fingerprint: Kind } {
  return typeof row === "object" && row !== null && "fingerprint" in row;
}

function decodeFingerprint([
  inode = "",
  sizeBytes = "",
  mtimeNs = "",
  ctimeNs = "",
  birthNs = "",
]: readonly string[]): Fingerprint {
  const modified = BigInt(mtimeNs);
  // Most files were changed when they were made, and never since: one number serves for all.
  const timeOf = (digits: string) => (digits === mtimeNs ? modified : BigInt(digits));
  return {
    inode: BigInt(inode),
    sizeBytes: Number(sizeBytes),
    mtimeNs: modified,
    ctimeNs: timeOf(ctimeNs),
    birthNs: timeOf(birthNs),
  };
}

/** Ids, names and keys stand in several trees, and those of folders in the row of each child: equal ones share one string. */
export class SharedStrings {
  readonly #known = new Map<string, string>();

  one(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, text);
    return text;
  }

  /** Changes the row itself, and what stands in it. */
  share(row: object): void {
    const members = row as Record<string, unknown>;
    for (const name in members) {
      if (unique.has(name)) continue;
      const value = members[name];
      if (typeof value === "string") members[name] = this.one(value);
      else if (typeof value === "object" && value !== null && name !== "fingerprint") this.share(value);
    }
  }
}
