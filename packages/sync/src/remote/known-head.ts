import type { SyncState } from "../state/sync-state.ts";

/**
 * How far the journal reached when the server refused the deletion of a folder for what changed in it. A listing tells of nothing that
 * is gone by then, and so of no number as high as those entries had: whoever rests on what it told would be refused for ever.
 */
export function noteHead(state: SyncState, seq: number): void {
  const epoch = state.cursor?.epoch;
  if (epoch !== undefined) state.commit({ settings: [["known head", JSON.stringify([epoch, seq])]] });
}

/** For whoever has read the journal to its head since. @returns 0 if none was told in this epoch */
export function knownHead(state: Pick<SyncState, "setting">, epoch: string): number {
  const [known, seq] = JSON.parse(state.setting("known head") ?? '["", 0]') as [string, number];
  return known === epoch ? seq : 0;
}
