import type { NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { pathOf } from "@holdfast/sync/model/tree-paths";
import type { LocalRow } from "@holdfast/sync/model/trees";
import type { Inode } from "./simulated-root.ts";
import type { Device, WorldState } from "./world-state.ts";

/**
 * Invariant 15, where another's bytes take the place of a file: a bit that a person flipped since the last agreement is the new
 * file's too, whoever wrote that. It has two values, so that the other side can have changed it only to the same one.
 */
export function checkBitHere(world: WorldState, { name, state }: Device, old: Inode, by: Inode, path: string): void {
  if (old.kind !== "file" || by.kind !== "file" || !world.hasBits(name) || world.hasShares) return;
  const [id, row] = rowOf(state, old, path) ?? [];
  const base = id === undefined ? undefined : state.synced.get(id);
  // Flipped in that very moment: the engine takes it back, and looks again.
  if (row === undefined || base === undefined || row.executable !== old.now.executable) return;
  const isFlipped = row.executable !== base.executable;
  if (isFlipped && by.now.executable !== row.executable) world.violate(`${name} undoes the executable bit of ${path}`);
}

/** Of a file that has several names the one that is there. */
function rowOf(state: Device["state"], { number }: Inode, path: string): readonly [NodeId, LocalRow] | undefined {
  const rows = [...state.local].filter(([, { fingerprint }]) => fingerprint.inode === BigInt(number));
  return rows.length > 1 ? rows.find(([id]) => pathOf(state, id) === path) : rows[0];
}

/** Likewise, where a new version is sent: a bit that was not flipped here stays as the server has it. */
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

/** Invariant 16, where it is sent: what a program put in the place of a private item is open by its umask alone. */
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

/** Invariant 16: others get no right to what is private here unless that was agreed on, and the server has it otherwise now. */
export function checkOpening(world: WorldState, { name, state }: Device, old: Inode, path: string): void {
  if (!old.now.isPrivate) return;
  const [id, row] = rowOf(state, old, path) ?? [];
  if (id === undefined || row?.isPrivate !== true) return;
  const isTold = state.synced.get(id)?.isPrivate === true && state.remote.get(id)?.isPrivate === false;
  if (!isTold) world.violate(`${name} opens ${path} to others, and nobody wanted that`);
}
