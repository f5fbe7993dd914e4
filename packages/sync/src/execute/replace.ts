import type { LocalOperation } from "../planner/plan-types.ts";
import { sameButCtime } from "../scan/fingerprints.ts";
import type { Stashed } from "../state/sync-state.ts";
import type { LocalRow } from "../trees.ts";
import { mustStat, rowOf } from "./create.ts";
import { DiskChanged, fingerprintAfter, type Hands, recheck, syncFolders } from "./hands.ts";

type Replacement = LocalOperation & { readonly op: "replace" };

/** What the old bytes are, which will wait where the new ones are now. */
export function stashedBy({ nowMs }: Hands, { local, remote }: Replacement, temporary: string): Stashed {
  const contents = [local.content, remote.content];
  return { path: temporary, parent: local.parent, name: local.name, contents, keep: false, sinceMs: nowMs() };
}

/**
 * The new bytes are durable beside before the two are exchanged in one call; what comes out is compared with what was looked
 * at, and goes back if somebody was faster. What was replaced waits in the engine's folder until it was looked at again.
 */
export async function exchange(
  hands: Hands,
  { local, remote }: Replacement,
  { path, temporary }: { readonly path: string; readonly temporary: string },
): Promise<LocalRow> {
  const { disk, faults } = hands;
  const written = await mustStat(hands, temporary);
  const placed = { ...remote, parent: local.parent, name: local.name };
  const { alias } = local;
  if (faults.has("a replacement is not looked at")) {
    await disk.exchange(temporary, path);
    await disk.unlink(temporary);
    return { ...rowOf(placed, written.fingerprint), alias };
  }
  await recheck(hands, path, local);
  await disk.exchange(temporary, path);
  const old = await mustStat(hands, temporary);
  if (!sameButCtime(old.fingerprint, local.fingerprint)) {
    await disk.exchange(temporary, path);
    await syncFolders(hands, path, temporary);
    throw new DiskChanged(path);
  }
  return { ...rowOf(placed, await fingerprintAfter(disk, path, written.fingerprint)), alias };
}
