import { ownFolders } from "@holdfast/sync-ports/paths";
import { contentOf } from "./small-blocks.ts";
import type { Inode } from "./simulated-root.ts";
import type { Device, WorldState } from "./world-state.ts";

/** Invariant 2: content that loses its last local name exists elsewhere, and the local trash keeps its files. */
export function checkDrop(world: WorldState, device: Device, { kind, now, wasSeen }: Inode, path: string): void {
  // A partial download may equal earlier content of its writer, who has appended since.
  if (kind !== "file" || !wasSeen) return;
  // No story lasts 30 days.
  if (path.startsWith(`${ownFolders.trash}/`)) world.violate(`${device.name} empties its trash too early of ${path}`);
  const key = contentOf(now.bytes);
  if (!world.ledger.written.has(key) || world.model.contents.has(key)) return;
  const elsewhere = [...device.root.visible().values()].some((other) => contentOf(other.now.bytes) === key);
  if (!elsewhere && now.bytes.length > 0)
    world.violate(`${device.name} dropped the only copy of ${key.slice(0, 12)} at ${path}`);
}

/** Invariant 8: visible files are complete. */
export function checkShown(world: WorldState, device: Device, { kind, now }: Inode, path: string): void {
  if (kind !== "file") return;
  const { ledger, model } = world;
  const key = contentOf(now.bytes);
  const isWhole = ledger.written.has(key) || ledger.states.has(key) || model.contents.has(key);
  if (!isWhole) world.violate(`${device.name} shows something torn at ${path}`);
}

export function checkWhole(world: WorldState, device: Device): void {
  for (const [path, inode] of device.root.visible()) checkShown(world, device, inode, path);
}
