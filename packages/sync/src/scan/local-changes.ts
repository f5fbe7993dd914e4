import type { NodeId } from "@holdfast/core/ids";
import type { LocalRow } from "../model/trees.ts";
import type { ScanResult } from "./scan-types.ts";

export function* localChanges(
  before: ReadonlyMap<NodeId, LocalRow>,
  changes: ScanResult["changes"],
): Generator<readonly [NodeId, LocalRow | undefined]> {
  for (const [id, row] of changes) {
    const known = before.get(id);
    if (row === undefined ? known !== undefined : !sameRow(known, row)) yield [id, row];
  }
}

function sameRow(one: LocalRow | undefined, other: LocalRow): boolean {
  if (one === other) return true;
  const fields = ["kind", "parent", "name", "alias", "content", "executable", "isPrivate", "readState"] as const;
  const times = ["inode", "sizeBytes", "mtimeNs", "ctimeNs", "birthNs"] as const;
  return (
    one !== undefined &&
    fields.every((field) => one[field] === other[field]) &&
    times.every((field) => one.fingerprint[field] === other.fingerprint[field])
  );
}
