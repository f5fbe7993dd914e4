import type { SyncState } from "../state/sync-state.ts";

/**
 * Stores the journal position at which the server refused a folder's deletion because of changes inside. Listings lack
 * deleted items, so without the position, deletions would be refused forever.
 */
export function noteHead(state: SyncState, seq: number): void {
  const epoch = state.cursor?.epoch;
  if (epoch !== undefined) state.commit({ settings: [["known head", JSON.stringify([epoch, seq])]] });
}

/** Valid after the journal was read to its head. @returns 0 if none is known for this epoch */
export function knownHead(state: Pick<SyncState, "setting">, epoch: string): number {
  const [known, seq] = JSON.parse(state.setting("known head") ?? '["", 0]') as [string, number];
  return known === epoch ? seq : 0;
}
