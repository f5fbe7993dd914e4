import { HoldfastError } from "@holdfast/core/errors";
import { formatBytes } from "@holdfast/core/format-bytes";
import { limits } from "@holdfast/core/limits";
import { pruneCommand } from "@holdfast/core/prune-command";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { raiseQuota } from "../weight/raise-quota.ts";
import { readUsage, type Usage } from "./usage.ts";

/**
 * Returns a function that adds to an owner's quota error what uses most of the space and how to free it. Other errors
 * are unchanged. So are errors without figures (`withoutFigures`), and those for a credential that cannot read names.
 * Usage is read at most once, and only if needed.
 */
export function quotaExplainer(
  shards: ReadShards,
  caller: Pick<Actor, "owns" | "spaceId" | "rootId" | "writesOnly"> | undefined,
): <Thrown>(error: Thrown) => Promise<Thrown | HoldfastError> {
  let reading: Promise<Usage> | undefined;
  return async (error) => {
    if (
      caller?.owns !== true ||
      caller.writesOnly === true ||
      !(error instanceof HoldfastError) ||
      error.code !== "quota"
    )
      return error;
    const isStored = error.body["stored_bytes"] !== undefined;
    if (!isStored && error.body["free_bytes"] === undefined) return error;
    reading ??= readUsage(shards, caller);
    try {
      return explained(error, await reading, isStored);
    } catch {
      // An error while usage is read must not hide the original error.
      return error;
    }
  };
}

type Figures = HoldfastError["body"];

function explained(error: HoldfastError, usage: Usage, isStored: boolean): HoldfastError {
  const { versionsBytes, trashBytes, uploadsBytes, largest } = usage;
  const boundBytes = limits.quotaStoredFactor * (usage.quota_bytes ?? 0);
  const bound = `The space is full: with old versions and trash it can store ${formatBytes(boundBytes)}, which is ${limits.quotaStoredFactor} times its quota.`;
  const words = isStored ? [bound, storedAdvice(usage)] : [firstSentence(error.message), usedAdvice(usage, error.body)];
  const body = {
    ...error.body,
    versions_bytes: versionsBytes,
    trash_bytes: trashBytes,
    uploads_bytes: uploadsBytes,
    ...(largest[0] === undefined ? {} : { largest_file: largest[0] }),
  };
  const details = error.field === undefined ? { body } : { body, field: error.field };
  return new HoldfastError("quota", `${words.join(" ")} ${raiseQuota}`, details);
}

function storedAdvice({ versionsBytes, trashBytes, uploadsBytes, largest: [first] }: Usage): string {
  const most = Math.max(versionsBytes, trashBytes, uploadsBytes);
  if (most === 0) return "Delete files permanently: 'holdfast rm --permanent PATH'.";
  if (most === trashBytes) return `The trash takes ${formatBytes(most)} of it. Empty it: 'holdfast trash empty'.`;
  if (most === uploadsBytes)
    return `Unfinished uploads take ${formatBytes(most)} of it. Finish or cancel them, or wait: they expire by themselves.`;
  const take = `Old versions take ${formatBytes(most)} of it`;
  if (first === undefined) return `${take}. All have labels, so they are kept: remove labels.`;
  return `${take}. ${first.path} has the largest ones. Delete some: '${pruneCommand(first.path, first.versions)}'.`;
}

/** Old versions do not count against this limit. Mentions the trash if emptying it frees enough. */
function usedAdvice({ trashBytes, filesBytes, quota_bytes }: Usage, { needed_bytes }: Figures): string {
  if (trashBytes === 0) return "The trash is empty: delete files, then empty the trash.";
  const roomBytes = (quota_bytes ?? Infinity) - filesBytes;
  if (Number(needed_bytes ?? 0) > roomBytes) {
    return `Files take ${formatBytes(filesBytes)} and the trash ${formatBytes(trashBytes)}: delete files, then empty the trash.`;
  }
  return `Empty the trash, which takes ${formatBytes(trashBytes)} ('holdfast trash empty'), or delete files and then empty it.`;
}

function firstSentence(message: string): string {
  return message.slice(0, message.indexOf(". ") + 1);
}
