import type { EntryRecord, JobRecord, JobStore } from "./job-store.ts";
import { MemoryStore } from "./memory-store.ts";
import { withoutSpace } from "./without-space.ts";

const databaseName = "holdfast-uploads";

/** A memory store if the browser has no database (private window). */
export async function openJobStore(): Promise<JobStore> {
  try {
    return withoutSpace(new IndexedStore(await open()));
  } catch {
    return new MemoryStore();
  }
}

/** Deletes all uploads at the end of a session. */
export function forgetUploads(): void {
  indexedDB.deleteDatabase(databaseName);
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(databaseName, 1);
  request.addEventListener("upgradeneeded", () => {
    request.result.createObjectStore("jobs", { keyPath: "id" });
    request.result.createObjectStore("entries", { keyPath: ["jobId", "path"] });
  });
  return resultOf(request).then((database) => {
    // An open page would block the deletion.
    database.addEventListener("versionchange", () => database.close());
    return database;
  });
}

class IndexedStore implements JobStore {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  jobs(): Promise<JobRecord[]> {
    return resultOf(this.#database.transaction("jobs").objectStore("jobs").getAll() as IDBRequest<JobRecord[]>);
  }

  saveJob(job: JobRecord): Promise<void> {
    return this.#change(["jobs"], (transaction) => transaction.objectStore("jobs").put(job));
  }

  removeJob(jobId: string): Promise<void> {
    return this.#change(["jobs", "entries"], (transaction) => {
      transaction.objectStore("jobs").delete(jobId);
      transaction.objectStore("entries").delete(entriesOf(jobId));
    });
  }

  async entries(jobId: string): Promise<EntryRecord[]> {
    const entries = this.#database.transaction("entries").objectStore("entries");
    return resultOf(entries.getAll(entriesOf(jobId)) as IDBRequest<EntryRecord[]>);
  }

  saveEntries(jobId: string, records: readonly EntryRecord[]): Promise<void> {
    return this.#change(["entries"], (transaction) => {
      const entries = transaction.objectStore("entries");
      for (const record of records) entries.put({ ...record, jobId });
    });
  }

  #change(names: string[], act: (transaction: IDBTransaction) => unknown): Promise<void> {
    const transaction = this.#database.transaction(names, "readwrite");
    const done = new Promise<void>((resolve, reject) => {
      transaction.addEventListener("complete", () => resolve());
      transaction.addEventListener("abort", () =>
        reject(transaction.error ?? new Error("The browser did not store the data.")),
      );
    });
    act(transaction);
    return done;
  }
}

function entriesOf(jobId: string): IDBKeyRange {
  return IDBKeyRange.bound([jobId, ""], [jobId, []]);
}

function resultOf<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("The browser's database failed.")));
  });
}
