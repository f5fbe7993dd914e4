import type { JobRecord, JobStore } from "./job-store.ts";

/**
 * Uploads go on if the browser has no space for their records. Received files may have filled it, and only their upload
 * frees it. Nothing more is saved of such a job, because a record without all of its entries would look complete. A
 * later page then resumes only what was saved, or nothing.
 */
export function withoutSpace(store: JobStore): JobStore {
  const unsaved = new Set<JobRecord["id"]>();
  const save = async (jobId: string, write: () => Promise<void>): Promise<void> => {
    if (unsaved.has(jobId)) return;
    try {
      await write();
    } catch (thrown) {
      if (!(thrown instanceof Error) || thrown.name !== "QuotaExceededError") throw thrown;
      unsaved.add(jobId);
    }
  };
  return {
    jobs: () => store.jobs(),
    saveJob: async (job) => {
      await save(job.id, () => store.saveJob(job));
      // An earlier record may be that of a complete walk, without the entries to come.
      if (!job.isWalked && unsaved.has(job.id)) await store.removeJob(job.id);
    },
    removeJob: (jobId) => store.removeJob(jobId),
    entries: (jobId) => store.entries(jobId),
    saveEntries: (jobId, records) => save(jobId, () => store.saveEntries(jobId, records)),
  };
}
