import type { ClashChoice, EntryRecord } from "../store/job-store.ts";
import type { Clash, Job } from "./job.ts";
import { recordOf } from "./job.ts";
import { isWithin, skipBelow } from "./make-folders.ts";
import { newOperationId } from "./new-ids.ts";
import { requeue, settleFiles } from "./settle.ts";
import type { UploadWork } from "./upload-work.ts";

/** @param path of one conflict; undefined: all present and future ones */
export async function answerClash(
  work: UploadWork,
  job: Job,
  path: string | undefined,
  choice: ClashChoice,
): Promise<void> {
  if (path === undefined) {
    job.record = { ...job.record, choice };
    await work.store.saveJob(job.record);
  }
  const answered = [...job.clashes].filter(
    ([each, clash]) => (path === undefined || each === path) && canBe(clash, choice),
  );
  const records: EntryRecord[] = [];
  for (const [each, clash] of answered) {
    job.clashes.delete(each);
    if (choice !== "skip") records.push(prepare(work, clash, choice));
  }
  await work.store.saveEntries(job.record.id, records);
  for (const [, clash] of answered) await goOn(work, job, clash, choice);
  work.changed();
}

/** Files and folders never replace each other, which would trash the existing item. */
export function canBe({ item, node }: Clash, choice: ClashChoice): boolean {
  return choice !== "replace" || (item.kind === "file" && node?.kind === "file" && node.version_id !== null);
}

function prepare(work: UploadWork, { item, node }: Clash, choice: ClashChoice): EntryRecord {
  item.choice = choice;
  item.ids = { ...item.ids, operationId: newOperationId(work.random) };
  if (item.kind === "file") {
    item.attempts = 0;
    const versionId = node?.version_id ?? undefined;
    const isReplaced = choice === "replace" && node !== undefined && versionId !== undefined;
    item.replaces = isReplaced ? { fileId: node.id, versionId } : undefined;
  }
  return recordOf(item, false);
}

async function goOn(work: UploadWork, job: Job, { item }: Clash, choice: ClashChoice): Promise<void> {
  if (item.kind === "folder") {
    if (choice === "skip") return skipBelow(job, item);
    for (const each of job.folders.values()) if (isWithin(each, item) && each.state === "clash") each.state = "waiting";
    job.newFolders.unshift(item);
    return;
  }
  if (choice !== "skip") return requeue(job, item);
  item.choice = "skip";
  const result = { operation_id: "", status: "conflict" as const, code: "exists" };
  await settleFiles(work, job, [{ item, result }]);
}
