import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { unlikeBytes } from "../../output/text.ts";
import { listLocalFolder } from "./local-folder.ts";
import type { PutWork } from "./put-work.ts";
import type { RemoteTree } from "./remote-tree.ts";

/**
 * Says before any byte travels that a tree needs more room than is free: by sizes alone, without reading a file. What fits is sent all the
 * same, and the server has the last word. In a dry run it is a problem, as it would be in a real one.
 * @param there what the tree becomes; in another person's space nobody tells how much room that has
 */
export async function tellRoom(
  work: PutWork,
  localPath: string,
  there: NodeJson | undefined,
  remote: RemoteTree | undefined,
): Promise<void> {
  if (there !== undefined && there.role !== "owner") return;
  const freeBytes = await freeRoom(work);
  if (freeBytes === undefined) return;
  const growthBytes = growthOfTree(work, localPath, there?.id, remote);
  if (growthBytes <= freeBytes) return;
  const [needed, free] = unlikeBytes(growthBytes, freeBytes);
  const message = `This needs ${needed}, and ${free} is free; only what fits is sent. See 'holdfast df'.`;
  if (work.report.isDry) work.report.problem("", message, "quota");
  else work.report.note(`holdfast: ${message}`);
}

/** In one's own space, in bytes. @returns undefined where there is no limit, or where the token may not ask */
export async function freeRoom({ client }: Pick<PutWork, "client">): Promise<number | undefined> {
  try {
    const { quota_bytes: quota, used_bytes: used } = await client.call("getAccount");
    return quota === null ? undefined : Math.max(0, quota - used);
  } catch (thrown) {
    if (thrown instanceof HoldfastError && ["forbidden", "unauthenticated"].includes(thrown.code)) return undefined;
    throw thrown;
  }
}

function growthOfTree(
  { patterns }: PutWork,
  localPath: string,
  folderId: string | undefined,
  remote: RemoteTree | undefined,
): number {
  let growthBytes = 0;
  const waiting = [{ path: localPath, below: "", id: folderId }];
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    for (const { entries } of listLocalFolder(visit.path)) {
      for (const { name, path, kind, sizeBytes } of entries) {
        const below = visit.below === "" ? name : `${visit.below}/${name}`;
        if (patterns?.names(below, kind === "folder") === true) continue;
        const there = visit.id === undefined ? undefined : remote?.child(visit.id, name);
        if (kind === "folder") waiting.push({ path, below, id: there?.id });
        else if (kind === "file") growthBytes += Math.max(0, sizeBytes - (there?.size ?? 0));
      }
    }
  }
  return growthBytes;
}
