import type { EntryRecord, JobRecord, JobStore } from "./job-store.ts";

/** Store for private windows and tests. */
export class MemoryStore implements JobStore {
  readonly #jobs = new Map<string, JobRecord>();
  readonly #entries = new Map<string, Map<string, EntryRecord>>();

  jobs(): Promise<JobRecord[]> {
    return Promise.resolve([...this.#jobs.values()]);
  }

  saveJob(job: JobRecord): Promise<void> {
    this.#jobs.set(job.id, job);
    return Promise.resolve();
  }

  removeJob(jobId: string): Promise<void> {
    this.#jobs.delete(jobId);
    this.#entries.delete(jobId);
    return Promise.resolve();
  }

  entries(jobId: string): Promise<EntryRecord[]> {
    return Promise.resolve([...(this.#entries.get(jobId)?.values() ?? [])]);
  }

  saveEntries(jobId: string, entries: readonly EntryRecord[]): Promise<void> {
    const kept = this.#entries.get(jobId) ?? new Map<string, EntryRecord>();
    for (const entry of entries) kept.set(entry.path, entry);
    this.#entries.set(jobId, kept);
    return Promise.resolve();
  }
}
