import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { Hands } from "../execute/hands.ts";
import { markerPath } from "../paths.ts";

const markerBytesMax = 4096;

/** The folder is not the one that this device knows: an unmounted disk, another folder in its place. */
export class RootMismatch extends HoldfastError {
  constructor() {
    super("failed", "This is not the folder that was synced here, or it is not mounted. Nothing was touched.");
  }
}

/**
 * The root carries a random id that the state knows too. Only a root and a state that both know nothing yet begin.
 * @throws RootMismatch
 */
export async function checkRoot({ disk, state, random }: Pick<Hands, "disk" | "state" | "random">): Promise<void> {
  const known = state.setting("marker");
  const there = await disk.stat(markerPath);
  if (there === undefined) {
    if (known !== undefined) throw new RootMismatch();
    const marker = Buffer.from(random(16)).toString("hex");
    const bytes = Buffer.from(marker);
    const parts = [{ kind: "bytes", hash: sha256(bytes), bytes } as const];
    await disk.create(markerPath, parts, { mtimeNs: undefined, executable: false });
    await disk.syncFile(markerPath);
    await disk.syncFolder(".holdfast");
    state.commit({ settings: [["marker", marker]] });
    return;
  }
  const marker = Buffer.from(await disk.readAt(markerPath, 0, markerBytesMax)).toString();
  if (known === marker) return;
  // A run that was stopped between the two left the marker alone; a state that has seen something belongs elsewhere.
  if (known !== undefined || state.local.size > 0 || state.cursor !== undefined) throw new RootMismatch();
  state.commit({ settings: [["marker", marker]] });
}
