import type { AccessTokens } from "@holdfast/api-client/access-tokens";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { makeListeners } from "../browser/listeners.ts";
import type { StartedUpload, WantedUpload } from "../commands/upload-files.ts";
import type { DroppedItems, PickKind } from "../commands/uploads.ts";
import { workerAddress } from "../browser/worker-address.ts";
import type { WalkedEntry, WalkedFile } from "./engine/job.ts";
import type { UploadsSnapshot } from "./engine/snapshot.ts";
import { type InterruptedJob, interruptedJob, isDroppedAgain } from "./interrupted.ts";
import { takeDropped } from "./sources/dropped.ts";
import { sourcesOfHandles } from "./sources/handles.ts";
import { entriesOfPicked, pickFiles } from "./sources/picked.ts";
import { walk } from "./sources/walk.ts";
import { forgetUploads, openJobStore } from "./store/indexed-store.ts";
import type { ClashChoice, JobRecord } from "./store/job-store.ts";
import { type Calls, connect } from "./workers/calls.ts";
import { loadFailure } from "./workers/load-failure.ts";
// oxlint-disable-next-line import/default -- Vite answers with the address of the script
import uploadAddress from "./workers/upload.worker.ts?worker&url";
import type { UploadHandlers } from "./workers/upload.worker.ts";

export interface UploadsParts {
  readonly tokens: AccessTokens;
  readonly client: ApiClient;
  /** Known without the server. */
  readonly person: () => { readonly id: string; readonly root_id: string } | undefined;
  /** Resumable uploads are stored in the browser. For link visitors, nothing outlives the page. */
  readonly keeping: "in_browser" | "in_memory";
  /** Reports that an upload could not start, except those of `uploadFiles`. */
  readonly reportFailure: (thrown: unknown) => void;
}

export interface UploadsView {
  readonly snapshot: UploadsSnapshot;
  readonly interrupted: readonly InterruptedJob[];
}

const nothing: UploadsView = { snapshot: { jobs: [], isPaused: false }, interrupted: [] };

/** The page's side: walks dropped or picked items and shows the worker's state. */
export class Uploads {
  readonly #parts: UploadsParts;
  readonly #listeners = makeListeners();
  /** Reopens files that change or fail, by job. */
  readonly #files = new Map<string, Map<string, NonNullable<WalkedFile["reopen"]>>>();
  readonly #locks = new Map<string, () => void>();
  readonly #ofParcels = new Set<string>();
  #view = nothing;
  #bytesPerSecond: number | undefined;
  #worker: { readonly calls: Calls<UploadHandlers>; readonly end: () => void } | undefined;

  constructor(parts: UploadsParts) {
    this.#parts = parts;
    addEventListener("beforeunload", (event) => {
      const { jobs } = this.#view.snapshot;
      if (jobs.some(({ id, isDone }) => !isDone && !this.#ofParcels.has(id))) event.preventDefault();
    });
  }

  readonly subscribe = this.#listeners.add;

  readonly getView = (): UploadsView => this.#view;

  /** Names of jobs that closing the page would interrupt. */
  get unfinished(): string[] {
    return this.#view.snapshot.jobs.filter((job) => !job.isDone).map(({ name }) => name);
  }

  /** Call when the server may be reachable again. */
  wakeUp(): void {
    this.#callWorker((calls) => calls.wakeUp());
  }

  async findInterrupted(): Promise<void> {
    if (!this.#isKept) return;
    const store = await openJobStore();
    const jobs = await store.jobs();
    if (jobs.length === 0) return;
    const { id } = await this.#parts.client.call("getAccount");
    const locks = navigator.locks as LockManager | undefined;
    const held = (await locks?.query())?.held?.map(({ name }) => name) ?? [];
    const isFree = (job: JobRecord): boolean => job.accountId === id && !held.includes(lockName(job.id));
    const withEntries = async (job: JobRecord) => interruptedJob(job, await store.entries(job.id));
    const free = jobs.filter(isFree);
    const own = free.filter(({ parcelId }) => parcelId === undefined);
    this.#show({ interrupted: await Promise.all(own.map(withEntries)) });
    // A tab that was frozen may have stored them after this account's sign-in.
    const foreign = jobs.filter(({ accountId }) => accountId !== id);
    const goneJobs = foreign.concat(await jobsOfGoneParcels(free));
    await Promise.all(goneJobs.map(({ id: jobId }) => store.removeJob(jobId)));
  }

  /** Call inside the drop event. */
  drop(dropped: DroppedItems, folderId: string): void {
    const { sources, handles } = takeDropped(dropped);
    if (sources.length === 0) return;
    const begin = async (): Promise<void> => {
      const names = sources.map(({ name }) => name);
      const jobId = await this.#jobFor(names, folderId, await handles);
      await this.#feed(jobId, walk(sources));
    };
    begin().catch(this.#parts.reportFailure);
  }

  /** Call in a click event, which the file dialog requires. */
  pick(kind: PickKind, folderId: string): void {
    const begin = async (): Promise<void> => {
      const files = await pickFiles(kind);
      if (files.length > 0) await this.#feed(await this.#jobForFiles(files, folderId), entriesOfPicked(files));
    };
    begin().catch(this.#parts.reportFailure);
  }

  /**
   * Uploads files that the caller stores until they are uploaded. The browser does not ask before the page ends, because
   * the person's answer could cancel the next parcel of another app.
   */
  async uploadFiles({ files, folderId, parcelId }: WantedUpload): Promise<StartedUpload> {
    const jobId = await this.#jobOfParcel(parcelId, files[0]?.name ?? "", await this.#idOf(folderId));
    this.#ofParcels.add(jobId);
    const uploaded = this.#whenUploaded(jobId, files.length);
    const fed = this.#feed(jobId, entriesOfPicked(files)).catch((thrown: unknown) => {
      this.cancel(jobId);
      throw thrown;
    });
    return { done: Promise.all([uploaded, fed]) };
  }

  /** Call in a click event. @returns false if the items must be dropped again */
  async goOn(job: JobRecord): Promise<boolean> {
    const sources = job.handles.length === 0 ? undefined : await sourcesOfHandles(job.handles);
    if (sources === undefined) return false;
    const begin = async (): Promise<void> => {
      await this.#takeUp(job, job.name);
      await this.#feed(job.id, walk(sources));
    };
    begin().catch(this.#parts.reportFailure);
    return true;
  }

  /** Uploaded items stay. */
  async forget(jobId: string): Promise<void> {
    this.#hideInterrupted(jobId);
    await (await openJobStore()).removeJob(jobId);
  }

  pause(): void {
    this.#callWorker((calls) => calls.pause());
  }

  resume(): void {
    this.#callWorker((calls) => calls.resume());
  }

  cancel(jobId: string): void {
    this.#release(jobId);
    this.#callWorker((calls) => calls.cancel(jobId));
  }

  /** Forgets all jobs, with the files that failed. Call only if none is running. */
  readonly dismiss = (): void => {
    const { jobs } = this.#view.snapshot;
    for (const { id } of jobs) this.cancel(id);
    this.#show({ snapshot: { ...this.#view.snapshot, jobs: [] } });
  };

  /** @param name of an item directly in the target folder */
  cancelTop(jobId: string, name: string): void {
    this.#callWorker((calls) => calls.cancelTop(jobId, name));
  }

  /** @param path of one file, or of a folder with all that failed in it; undefined: all */
  retry(jobId: string, path?: string): void {
    this.#callWorker((calls) => calls.retry(jobId, path));
  }

  retarget(jobId: string, folderId: string): void {
    this.#callWorker((calls) => calls.retarget(jobId, folderId));
  }

  answerClash(jobId: string, path: string | undefined, choice: ClashChoice): void {
    this.#callWorker((calls) => calls.answerClash(jobId, path, choice));
  }

  /** @param bytesPerSecond undefined: unlimited */
  setLimit(bytesPerSecond: number | undefined): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#callWorker((calls) => calls.setLimit(bytesPerSecond));
  }

  /** @param isStored false deletes all data, after sign-out; true: the stored data is that of another account */
  end(isStored: boolean): void {
    this.#worker?.end();
    this.#worker = undefined;
    for (const id of this.#locks.keys()) this.#release(id);
    if (this.#isKept && !isStored) forgetUploads();
    this.#show(nothing);
  }

  #jobForFiles(files: readonly File[], place: string): Promise<string> {
    const names = files.map((file) => file.webkitRelativePath.split("/")[0] || file.name);
    return this.#jobFor(names, place, []);
  }

  /** Rejects if files are canceled or skipped, if the job is closed with files that failed, or if the session ends. */
  async #whenUploaded(jobId: string, fileCount: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const worker = this.#worker;
    let wasShown = false;
    const stop = this.subscribe(() => {
      const job = this.#view.snapshot.jobs.find(({ id }) => id === jobId);
      const isGone = job === undefined && (wasShown || this.#worker !== worker);
      // Canceled files are not counted.
      if (job?.isDone === true && job.counts.filesTotal === fileCount && job.counts.filesSkipped === 0) resolve();
      else if (job?.isDone === true || isGone)
        reject(new HoldfastError("failed", "The upload ended before all files were uploaded."));
      wasShown ||= job !== undefined;
    });
    await promise.finally(() => {
      stop();
      this.#ofParcels.delete(jobId);
    });
  }

  /** Dropping the missing items again resumes the job. @param names not empty; the first one names the job */
  async #jobFor(names: readonly string[], place: string, handles: readonly FileSystemHandle[]): Promise<string> {
    const [name = ""] = names;
    const folderId = await this.#idOf(place);
    const again = this.#view.interrupted.find((each) => each.job.folderId === folderId && isDroppedAgain(each, names));
    if (again !== undefined) {
      // Dropping a cancelled file again uploads it.
      await this.#takeUp({ ...again.job, cancelled: [] }, name);
      return again.job.id;
    }
    return this.#start({ folderId, name, handles: this.#isKept ? handles : [] });
  }

  /** The caller has claimed the parcel, so no other page runs its job. */
  async #jobOfParcel(parcelId: string, name: string, folderId: string): Promise<string> {
    const store = await openJobStore();
    const accountId = await this.#accountId();
    const earlier = (await store.jobs()).filter((job) => job.parcelId === parcelId && job.accountId === accountId);
    const again = earlier.find((job) => job.folderId === folderId);
    await Promise.all(earlier.filter((job) => job !== again).map(({ id }) => store.removeJob(id)));
    if (again === undefined) return this.#start({ folderId, name, handles: [], parcelId });
    await this.#takeUp({ ...again, cancelled: [] }, name);
    return again.id;
  }

  async #start(job: Pick<JobRecord, "folderId" | "name" | "handles" | "parcelId">): Promise<string> {
    const jobId = await this.#calls.start({ ...job, accountId: this.#isKept ? await this.#accountId() : "" });
    this.#hold(jobId);
    return jobId;
  }

  /** New ids derive from the folder's id, so `root` must be resolved. */
  async #idOf(place: string): Promise<string> {
    if (place !== "root") return place;
    const { client, person } = this.#parts;
    return (person() ?? (await client.call("getAccount"))).root_id;
  }

  async #takeUp(job: JobRecord, name: string): Promise<void> {
    this.#hold(job.id);
    this.#hideInterrupted(job.id);
    await this.#calls.takeUp({ ...job, name });
  }

  #hideInterrupted(jobId: string): void {
    this.#show({ interrupted: this.#view.interrupted.filter(({ job }) => job.id !== jobId) });
  }

  /** Waits for space in the worker's queue. */
  async #feed(jobId: string, portions: AsyncIterable<WalkedEntry[]> | Iterable<WalkedEntry[]>): Promise<void> {
    const files = new Map<string, NonNullable<WalkedFile["reopen"]>>();
    this.#files.set(jobId, files);
    for await (const portion of portions) {
      const plain = portion.map((entry) => {
        if (entry.kind === "folder" || entry.reopen === undefined) return entry;
        const { reopen, ...sendable } = entry;
        files.set(entry.path, reopen);
        return sendable;
      });
      await this.#calls.add(jobId, plain);
    }
    await this.#calls.endWalk(jobId);
  }

  /**
   * Prevents other pages from resuming the job. Plain http has no locks, so dropping the same items in two pages could
   * resume it twice.
   */
  #hold(jobId: string): void {
    const locks = navigator.locks as LockManager | undefined;
    const released = new Promise<void>((resolve) => this.#locks.set(jobId, resolve));
    void locks?.request(lockName(jobId), () => released);
  }

  #release(jobId: string): void {
    this.#locks.get(jobId)?.();
    this.#locks.delete(jobId);
    this.#files.delete(jobId);
  }

  /** Starts no worker. A worker that fails to load is reported by the upload that started it. */
  #callWorker(call: (calls: Calls<UploadHandlers>) => Promise<unknown>): void {
    if (this.#worker !== undefined) call(this.#worker.calls).catch(() => {});
  }

  get #calls(): Calls<UploadHandlers> {
    this.#worker ??= this.#open();
    return this.#worker.calls;
  }

  #open(): { readonly calls: Calls<UploadHandlers>; readonly end: () => void } {
    const { tokens, keeping } = this.#parts;
    const worker = new Worker(workerAddress(uploadAddress), { type: "module", name: keeping });
    const failure = loadFailure(worker);
    const handlers = {
      token: () => tokens.current(),
      renewToken: (refused: string) => tokens.renew(refused),
      reopen: async (jobId: string, path: string) => {
        const reopen = this.#files.get(jobId)?.get(path);
        if (reopen === undefined) throw new HoldfastError("failed", "The file is no longer available.");
        return reopen();
      },
      show: (snapshot: UploadsSnapshot) => {
        for (const job of snapshot.jobs) if (job.isDone) this.#release(job.id);
        this.#show({ snapshot });
      },
    };
    const started = {
      calls: connect<UploadHandlers>(worker, handlers, failure),
      end: () => worker.terminate(),
    };
    failure.addEventListener("abort", () => {
      started.end();
      if (this.#worker === started) this.#lose();
    });
    started.calls.setLimit(this.#bytesPerSecond).catch(() => {});
    return started;
  }

  #lose(): void {
    this.#worker = undefined;
    for (const id of this.#locks.keys()) this.#release(id);
    this.#show({ snapshot: nothing.snapshot });
    this.findInterrupted().catch(() => {});
  }

  async #accountId(): Promise<string> {
    const { client, person } = this.#parts;
    return (person() ?? (await client.call("getAccount"))).id;
  }

  get #isKept(): boolean {
    return this.#parts.keeping === "in_browser";
  }

  #show(part: Partial<UploadsView>): void {
    this.#view = { ...this.#view, ...part };
    this.#listeners.call();
  }
}

async function jobsOfGoneParcels(jobs: readonly JobRecord[]): Promise<readonly JobRecord[]> {
  const ofParcels = jobs.filter(({ parcelId }) => parcelId !== undefined);
  if (ofParcels.length === 0) return [];
  const { storedParcelIds } = await import("../browser/received-files.ts");
  const ids = await storedParcelIds();
  return ofParcels.filter(({ parcelId = "" }) => !ids.has(parcelId));
}

function lockName(jobId: string): string {
  return `holdfast-upload-${jobId}`;
}
