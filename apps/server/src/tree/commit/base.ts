import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { OperationBase, Seen } from "./operation.ts";
import type { Step, Work } from "./work.ts";
import { conflictWith } from "./conflict.ts";

export type Base = Seen & Pick<OperationBase, "ifMatch">;

/**
 * Checks that the node is the one that the caller saw.
 * @throws HoldfastError precondition (a header) or conflict (a field), with the current node
 */
export async function checkBase(work: Work, step: Step, row: NodeRow, base: Base): Promise<void> {
  const refusal = baseRefusal(row, base);
  if (refusal !== undefined) throw await conflictWith(work, step, { ...refusal, row });
}

export function baseRefusal(
  row: NodeRow,
  base: Base,
): { readonly code: "precondition" | "conflict"; readonly message: string } | undefined {
  if (base.ifMatch !== undefined && base.ifMatch !== "*" && !base.ifMatch.some((tag) => namesRevision(tag, row))) {
    return { code: "precondition", message: "The node has changed: If-Match names another revision." };
  }
  if (base.baseRevision !== undefined && !namesRevision(base.baseRevision, row)) {
    return { code: "conflict", message: "The node has changed since the revision that you saw." };
  }
  if (base.baseVersion !== undefined && !isHead(row, base.baseVersion)) {
    return { code: "conflict", message: "The file has a newer version than the one that you changed." };
  }
  return undefined;
}

/** In an entity tag a suffix follows the revision, for how one caller sees the node. The suffix is not compared. */
function namesRevision(text: string, { revision }: NodeRow): boolean {
  return text === revision || text.startsWith(`${revision}-`);
}

/** @param version number (as text in a query) or id */
export function isHead(row: NodeRow, version: number | string): boolean {
  if (row.kind !== "file") return false;
  return row.head_version === version || String(row.version_number) === String(version);
}
