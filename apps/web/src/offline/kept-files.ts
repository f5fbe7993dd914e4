import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import { collectWanted } from "./collect-wanted.ts";
import { emptyIndex, type KeptFile, type KeptIndex, type KeptMark, readIndex } from "./kept-index.ts";
import type { KeptStore } from "./kept-store.ts";
import { type Hash, loadContent } from "./load-content.ts";
import { planKept } from "./plan-kept.ts";

export interface KeptParts {
  readonly client: Pick<ApiClient, "call" | "open">;
  readonly store: KeptStore;
  readonly hash: Hash;
  /** Serializes index changes across tabs. */
  readonly alone: <Result>(run: () => Promise<Result>) => Promise<Result>;
  /** Skipped if another tab is fetching. */
  readonly ifAlone: (run: () => Promise<void>) => Promise<void>;
  /** Notifies other tabs of an index change. */
  readonly notifyTabs: () => void;
  readonly onChange: () => void;
}

export interface KeptView extends KeptIndex {
  /** Marks and files that are or will be kept. */
  readonly ids: ReadonlySet<string>;
  readonly isFetching: boolean;
  /** full: no space left. cut: more files than the limit. failed: some could not be fetched. */
  readonly problem: "full" | "cut" | "failed" | undefined;
}

/** Further files are skipped, as the screen says. */
export const keptFilesMax = 2000;
/** Left free for the browser and its other data. */
const spareBytes = 64 * 1024 * 1024;

/** Fetches marked files, refetches changed ones and deletes those to which the account has lost access. */
export class KeptFiles {
  readonly #parts: KeptParts;
  readonly #ending = new AbortController();
  #index = emptyIndex;
  #folders: ReadonlySet<string> = new Set();
  #isShared = false;
  #running: Promise<void> | undefined;
  #again = false;
  #problem: KeptView["problem"];
  view: KeptView = { ...emptyIndex, ids: new Set(), isFetching: false, problem: undefined };

  constructor(parts: KeptParts) {
    this.#parts = parts;
  }

  /** Called at the start and after changes by other tabs. */
  async read(): Promise<void> {
    this.#index = await this.#parts.alone(async () => readIndex(await this.#parts.store.readIndex()));
    this.#show();
  }

  async keep(marks: readonly KeptMark[]): Promise<void> {
    await this.#parts.store.persist().catch(() => false);
    const ids = new Set(marks.map(({ id }) => id));
    await this.#change((index) => ({ ...index, marks: index.marks.filter(({ id }) => !ids.has(id)).concat(marks) }));
    await this.sync();
  }

  /** Works offline. @param ids of marks; undefined: all marks */
  async drop(ids: ReadonlySet<string> | undefined): Promise<void> {
    const isDropped = (id: string): boolean => ids?.has(id) ?? true;
    const index = await this.#change(({ marks, files }) => ({
      marks: marks.filter(({ id }) => !isDropped(id)),
      files: files.filter(({ markId }) => !isDropped(markId)),
    }));
    await this.#parts.store.sweep(contentsOf(index.files));
    // Some files also belong to another mark.
    if (index.marks.length > 0) await this.sync();
  }

  /** @returns undefined if not stored */
  open(id: string): Promise<File | undefined> {
    const file = this.#index.files.find((each) => each.id === id);
    return file === undefined ? Promise.resolve(undefined) : this.#parts.store.open(file.contentId, file.sizeBytes);
  }

  /** True if a change may affect the files. Of an ancestor's change, only the ancestor is reported. */
  concerns({ id, kind, node }: ChangeJson): boolean {
    if (this.#index.marks.length === 0) return false;
    if (kind === "gone" || node === undefined || node.trashed_at !== null || node.kind !== "file") return true;
    return this.view.ids.has(id) || (node.parent_id !== null && this.#folders.has(node.parent_id));
  }

  /** Resolves when the files are current or the failure is known. */
  sync(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Updates files shared by others. The journal reports neither unmounted shares nor their end. */
  async follow(): Promise<void> {
    if (this.#isShared) await this.sync();
  }

  /** After it resolves, nothing is written. */
  async end(): Promise<void> {
    this.#ending.abort(new DOMException("No account is signed in anymore.", "AbortError"));
    await this.#running?.catch(() => {});
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    await this.#parts.ifAlone(async () => {
      while (this.#again && !signal.aborted) {
        this.#again = false;
        await this.#round(signal).catch((thrown: unknown) => {
          if (signal.aborted) return;
          // An unreachable server is asked again later.
          if (!toHoldfastError(thrown).retryable) this.#problem = "failed";
        });
      }
    });
    this.#show();
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { client, store } = this.#parts;
    await this.read();
    const wanted = await collectWanted(client, this.#index.marks, keptFilesMax, signal);
    signal.throwIfAborted();
    this.#folders = wanted.folders;
    this.#isShared = wanted.isShared;
    this.#problem = wanted.isCut ? "cut" : undefined;
    const { stay, load } = planKept(wanted.files, this.#index.files);
    await this.#change(({ marks }) => {
      const left = marks.filter(({ id }) => !wanted.lost.has(id));
      return { marks: left, files: stay.filter(({ markId }) => left.some(({ id }) => id === markId)) };
    });
    await store.sweep(contentsOf([...this.#index.files, ...load]));
    for (const file of load) {
      signal.throwIfAborted();
      this.#show(true);
      if (!(await this.#load(file, signal))) return;
    }
    await store.sweep(contentsOf(this.#index.files));
  }

  /** @returns false without space for more files */
  async #load(file: KeptFile, signal: AbortSignal): Promise<boolean> {
    const { client, store, hash } = this.#parts;
    try {
      // Another file has the same content, or an earlier run did not update the index.
      if ((await store.open(file.contentId, file.sizeBytes)) === undefined) {
        if ((await store.freeBytes()) < file.sizeBytes + spareBytes)
          throw new HoldfastError("quota", "Not enough space.");
        await loadContent(client, file, await store.write(file.contentId), hash, signal);
      }
      await this.#change(({ marks, files }) => {
        // The mark may be gone by now.
        if (marks.every(({ id }) => id !== file.markId)) return { marks, files };
        return { marks, files: files.filter(({ id }) => id !== file.id).concat(file) };
      });
      return true;
    } catch (thrown) {
      if (signal.aborted || toHoldfastError(thrown).retryable) throw thrown;
      const isFull = isQuota(thrown);
      this.#problem = isFull ? "full" : "failed";
      // Changed or gone, as the journal will report.
      return !isFull;
    }
  }

  #change(change: (index: KeptIndex) => KeptIndex): Promise<KeptIndex> {
    const { alone, store, notifyTabs } = this.#parts;
    return alone(async () => {
      this.#ending.signal.throwIfAborted();
      const index = change(readIndex(await store.readIndex()));
      await store.writeIndex(JSON.stringify(index));
      this.#index = index;
      notifyTabs();
      this.#show(this.view.isFetching);
      return index;
    });
  }

  #show(isFetching = false): void {
    const { marks, files } = this.#index;
    const ids = new Set([...marks, ...files].map(({ id }) => id));
    this.view = { marks, files, ids, isFetching, problem: this.#problem };
    this.#parts.onChange();
  }
}

function contentsOf(files: readonly KeptFile[]): ReadonlySet<string> {
  return new Set(files.map(({ contentId }) => contentId));
}

/** Holdfast's own error or the browser's. */
function isQuota(thrown: unknown): boolean {
  const isOurs = thrown instanceof HoldfastError && thrown.code === "quota";
  return isOurs || (thrown instanceof DOMException && thrown.name === "QuotaExceededError");
}
