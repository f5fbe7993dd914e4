import type { LocalOperation } from "../planner/plan-types.ts";
import { sameButCtime } from "../scan/scan.ts";
import { agreedWithServer } from "./agreed.ts";
import { contentOfRemote, mustStat, rowOf, writeAside } from "./create.ts";
import { DiskChanged, fingerprintAfter, type Hands, knownPath, recheck, syncFolders } from "./hands.ts";

/**
 * The new bytes are durable beside before the two are exchanged in one call; what comes out is compared with what was looked
 * at, and goes back if somebody was faster. What was replaced waits in the engine's folder until it was looked at again.
 */
export async function replace(hands: Hands, operation: LocalOperation & { op: "replace" }): Promise<void> {
  const { id, local, remote } = operation;
  const { disk, state, faults } = hands;
  const temporary = await writeAside(hands, await contentOfRemote(hands, remote));
  const written = await mustStat(hands, temporary);
  const stashed = {
    path: temporary,
    parent: local.parent,
    name: local.name,
    contents: [local.content, remote.content],
    keep: false,
    sinceMs: hands.nowMs(),
  };
  const path = await knownPath(hands, id);
  if (faults.has("a replacement is not looked at")) {
    await disk.exchange(temporary, path);
    await disk.unlink(temporary);
    const planted = rowOf({ ...remote, parent: local.parent, name: local.name }, written.fingerprint);
    return state.commit({ local: [[id, planted]] });
  }
  state.commit({ stashed: [[temporary, stashed]] });
  await recheck(hands, path, local);
  await disk.exchange(temporary, path);
  const old = await mustStat(hands, temporary);
  if (!sameButCtime(old.fingerprint, local.fingerprint)) {
    await disk.exchange(temporary, path);
    await syncFolders(hands, path, temporary);
    throw new DiskChanged(path);
  }
  await syncFolders(hands, path, temporary);
  const fingerprint = await fingerprintAfter(disk, path, written.fingerprint);
  const row = rowOf({ ...remote, parent: local.parent, name: local.name }, fingerprint);
  state.commit({ local: [[id, row]], synced: [[id, agreedWithServer(state, id, row)]] });
}
