import type { NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { pathOf } from "@holdfast/sync/model/tree-paths";
import type { LocalRow } from "@holdfast/sync/model/trees";
import type { Inode } from "./simulated-root.ts";
import type { Device, WorldState } from "./world-state.ts";

/**
 * Invariant 15, when another file's bytes replace a file: a bit that a person flipped since the last agreement applies
 * to the new file too, whoever wrote it. The bit has two values, so the other side can only have changed it to the same
 * one.
 */
export function checkBitHere(world: WorldState, { name, state }: Device, old: Inode, by: Inode, path: string): void {
  if (old.kind !== "file" || by.kind !== "file" || !world.hasBits(name) || world.hasShares) return;
  const [id, row] = rowOf(state, old, path) ?? [];
  const base = id === undefined ? undefined : state.synced.get(id);
  // A flip at this moment is undone by the engine, which scans again.
  if (row === undefined || base === undefined || row.executable !== old.now.executable) return;
  const isFlipped = row.executable !== base.executable;
  if (isFlipped && by.now.executable !== row.executable) world.violate(`${name} undoes the executable bit of ${path}`);
}

/** Returns the row of the existing name, if the file has several. */
function rowOf(state: Device["state"], { number }: Inode, path: string): readonly [NodeId, LocalRow] | undefined {
  const rows = state.local.withInode(BigInt(number));
  return rows.length > 1 ? rows.find(([id]) => pathOf(state, id) === path) : rows[0];
}

/** Checks the same for an upload: an unflipped bit stays as on the server. */
export function checkBitsSent(
  world: WorldState,
  { name, state }: Device,
  operations: readonly BatchOperationInput[],
): void {
  for (const operation of operations) {
    if (operation.op !== "put" || operation.file_id === undefined || operation.executable === undefined) continue;
    const id = operation.file_id as NodeId;
    const [row, base] = [state.local.get(id), state.synced.get(id)];
    if (row === undefined || base === undefined || row.executable !== base.executable) continue;
    world.violate(`${name} sends the executable bit of ${row.name} with an edit, and nobody flipped it there`);
  }
}

/** Invariant 16 at an upload: a program's replacement of a private item is public only because of its umask. */
export function checkOpeningsSent(
  world: WorldState,
  { name, state, root }: Device,
  operations: readonly BatchOperationInput[],
): void {
  for (const operation of operations) {
    if ((operation.op !== "put" && operation.op !== "set") || operation.private !== false) continue;
    const row = operation.file_id === undefined ? undefined : state.local.get(operation.file_id as NodeId);
    const inode = [...root.inodes()].find(({ number }) => BigInt(number) === row?.fingerprint.inode);
    if (inode?.isPersons !== true || inode.wasOpened) continue;
    world.violate(`${name} opens ${row?.name} to others everywhere, and nobody wanted that`);
  }
}

/** Invariant 16: others get no access to a local private item unless its privacy was agreed and the server changed it. */
export function checkOpening(world: WorldState, { name, state }: Device, old: Inode, path: string): void {
  if (!old.now.isPrivate) return;
  const [id, row] = rowOf(state, old, path) ?? [];
  if (id === undefined || row?.isPrivate !== true) return;
  const isAgreed = state.synced.get(id)?.isPrivate === true && state.remote.get(id)?.isPrivate === false;
  if (!isAgreed) world.violate(`${name} opens ${path} to others, and nobody wanted that`);
}
