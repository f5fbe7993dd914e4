import { HoldfastError } from "@holdfast/core/errors";
import { pathOfNode } from "../paths.ts";
import type { LocalOperation } from "../planner/plan-types.ts";
import { sameButCtime } from "../scan/scan.ts";
import { placeInTrash } from "./local-trash.ts";
import { mustStat } from "./create.ts";
import { DiskChanged, type Hands, knownPath, recheck, syncFolders } from "./hands.ts";

/** A file goes to the local trash by one rename and comes back if it was not what it should be; a folder only if it is empty. */
export async function remove(hands: Hands, operation: LocalOperation & { op: "delete" }): Promise<void> {
  const { id, local } = operation;
  const { disk, state, faults } = hands;
  const path = await knownPath(hands, id);
  const isBlind = faults.has("a deletion is not looked at");
  if (!isBlind) await recheck(hands, path, local);
  if (local.kind === "folder") {
    await disk.rmdir(path);
    await syncFolders(hands, path);
    return state.commit({ local: [[id, undefined]], synced: [[id, undefined]], parked: [[id, undefined]] });
  }
  if (faults.has("a deleted file is unlinked")) {
    await disk.unlink(path);
    return state.commit({ local: [[id, undefined]], synced: [[id, undefined]], parked: [[id, undefined]] });
  }
  const trashed = await placeInTrash(hands, pathOfNode(state, id) ?? local.name);
  const { parent, name, content } = local;
  const stashed = { path: trashed, parent, name, contents: [content], keep: true, sinceMs: hands.nowMs() };
  if (!isBlind) state.commit({ stashed: [[trashed, stashed]] });
  await disk.rename(path, trashed);
  const taken = await mustStat(hands, trashed);
  if (!sameButCtime(taken.fingerprint, local.fingerprint) && !isBlind) {
    await putBack(hands, trashed, path);
    throw new DiskChanged(path);
  }
  await syncFolders(hands, path, trashed);
  state.commit({ local: [[id, undefined]], synced: [[id, undefined]], parked: [[id, undefined]] });
}

/** If the name was taken meanwhile it stays aside, and is looked at as what is stashed is. */
async function putBack(hands: Hands, trashed: string, path: string): Promise<void> {
  try {
    await hands.disk.rename(trashed, path);
    await syncFolders(hands, path, trashed);
    hands.state.commit({ stashed: [[trashed, undefined]] });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
  }
}
