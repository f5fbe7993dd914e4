import assert from "node:assert/strict";
import { test } from "node:test";
import type { EntryRecord, JobRecord } from "./job-store.ts";
import { MemoryStore } from "./memory-store.ts";
import { withoutSpace } from "./without-space.ts";

const job: JobRecord = {
  id: "job",
  accountId: "ann",
  folderId: "root",
  name: "a.txt",
  createdMs: 0,
  isWalked: false,
  handles: [],
};
const entry = (path: string): EntryRecord => ({
  path,
  kind: "file",
  sizeBytes: 1,
  mtimeMs: 0,
  isDone: false,
  nodeId: path,
  operationId: path,
});

class FullStore extends MemoryStore {
  failure: Error | undefined = new DOMException("No space", "QuotaExceededError");

  override saveJob(record: JobRecord): Promise<void> {
    return this.failure === undefined ? super.saveJob(record) : Promise.reject(this.failure);
  }
  override saveEntries(jobId: string, records: readonly EntryRecord[]): Promise<void> {
    return this.failure === undefined ? super.saveEntries(jobId, records) : Promise.reject(this.failure);
  }
}

test("an upload whose record does not fit continues, and saves no later entries without it", async () => {
  const full = new FullStore();
  const store = withoutSpace(full);
  await store.saveJob(job);
  full.failure = undefined;
  await store.saveEntries("job", [entry("a.txt")]);
  assert.deepEqual([await store.jobs(), await store.entries("job")], [[], []]);
  await store.saveJob({ ...job, id: "next" });
  assert.equal((await store.jobs()).length, 1);
});

test("a record with incomplete entries is not marked as a complete walk", async () => {
  const full = new FullStore();
  const { failure } = full;
  full.failure = undefined;
  const store = withoutSpace(full);
  await store.saveJob(job);
  await store.saveEntries("job", [entry("a.txt")]);
  full.failure = failure;
  await store.saveEntries("job", [entry("b.txt")]);
  full.failure = undefined;
  await store.saveJob({ ...job, isWalked: true });
  assert.deepEqual(await store.jobs(), [job]);
  await store.removeJob("job");
  assert.deepEqual([await store.jobs(), await store.entries("job")], [[], []]);
});

test("a record that cannot be reopened for more entries is deleted, because it looks complete", async () => {
  const full = new FullStore();
  const { failure } = full;
  full.failure = undefined;
  const store = withoutSpace(full);
  await store.saveJob({ ...job, isWalked: true });
  full.failure = failure;
  await store.saveJob(job);
  assert.deepEqual(await store.jobs(), []);
});

test("another failure of the store is reported", async () => {
  const full = new FullStore();
  full.failure = new DOMException("Disk failed", "UnknownError");
  await assert.rejects(withoutSpace(full).saveJob(job), { name: "UnknownError" });
});
