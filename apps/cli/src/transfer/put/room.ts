import { missingBlocks } from "@holdfast/api-client/block-upload";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { formatBytes, unlikeBytes } from "../../output/text.ts";
import { listLocalFolder } from "./local-folder.ts";
import type { PutWork } from "./put-work.ts";
import type { RemoteTree } from "./remote-tree.ts";

/**
 * Reports before any upload if a tree needs more space than its quota or the server's disk has, by sizes alone. Files
 * that fit are sent. A dry run lists the lack of space as a problem.
 * @param there the existing target; another account's free space is unknown, so it is not checked
 */
export async function checkRoom(
  work: PutWork,
  localPath: string,
  there: NodeJson | undefined,
  remote: RemoteTree | undefined,
): Promise<void> {
  if (there !== undefined && there.role !== "owner") return;
  const { report, client } = work;
  const warn = (code: "quota" | "store_full", message: string): void => {
    if (report.isDry) report.problem("", message, code);
    else report.warn(message);
  };
  const growthBytes = growthOfTree(work, localPath, there?.id, remote);
  const freeBytes = (await freeRoom(work)) ?? Infinity;
  if (growthBytes > freeBytes) {
    const [needed, free] = unlikeBytes(growthBytes, freeBytes);
    return warn(
      "quota",
      `This needs ${needed}, and ${free} is free in your quota; only what fits is uploaded. See 'holdfast df'.`,
    );
  }
  if (await fitsDisk(client, growthBytes)) return;
  // Content that the server already has needs no space, but only the blocks reveal that.
  const needed = formatBytes(growthBytes);
  warn(
    "store_full",
    `This needs up to ${needed}, and the server's disk does not have that much space; only what fits is uploaded.`,
  );
}

async function fitsDisk(client: PutWork["client"], sendBytes: number): Promise<boolean> {
  try {
    await missingBlocks({ client, into: "root" }, [], { sendBytes });
    return true;
  } catch (thrown) {
    // The first file reports any other failure.
    return !(thrown instanceof HoldfastError && thrown.code === "store_full");
  }
}

/**
 * Free space in the account's own space, in bytes.
 * @returns undefined if there is no limit or the token has no permission to ask
 */
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
