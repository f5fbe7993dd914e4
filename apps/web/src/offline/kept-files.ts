import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { ChangeJson } from "@holdfast/protocol/node-routes";
import { collectWanted } from "./collect-wanted.ts";
import { emptyIndex, type KeptFile, type KeptIndex, type KeptMark, readIndex } from "./kept-index.ts";
import type { KeptStore } from "./kept-store.ts";
import { type Hash, loadContent } from "./load-content.ts";
import { planKept } from "./plan-kept.ts";

export interface KeptParts {
  readonly client: Pick<ApiClient, "call" | "open">;
  readonly store: KeptStore;
  readonly hash: Hash;
  /** Changes of the index by all tabs, one after the other. */
  readonly alone: <Result>(run: () => Promise<Result>) => Promise<Result>;
  /** One tab fetches; where another one does, this is nothing. */
  readonly ifAlone: (run: () => Promise<void>) => Promise<void>;
  /** Tells the other tabs that the index is another. */
  readonly tell: () => void;
  readonly onChange: () => void;
}

/** What people see of it. */
export interface KeptView extends KeptIndex {
  /** Ids of marks and of files: what is kept, or will be. */
  readonly ids: ReadonlySet<string>;
  readonly isFetching: boolean;
  /** full: there is no more room. cut: there are more files than are kept. failed: some could not be fetched. */
  readonly problem: "full" | "cut" | "failed" | undefined;
}

/** In all; what is beyond is left out, and said. */
export const keptFilesMax = 2000;
/** Left to the browser and to what else it keeps. */
const spareBytes = 64 * 1024 * 1024;

/** Files that open without the server: fetched as they are marked, again when they change, and deleted when whoever is signed in may not read them any more. */
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

  /** Reads what is here: at first, and when another tab has changed it. */
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

  /** Needs no server. @param ids of marks; undefined for all */
  async drop(ids: ReadonlySet<string> | undefined): Promise<void> {
    const isDropped = (id: string): boolean => ids?.has(id) ?? true;
    const index = await this.#change(({ marks, files }) => ({
      marks: marks.filter(({ id }) => !isDropped(id)),
      files: files.filter(({ markId }) => !isDropped(markId)),
    }));
    await this.#parts.store.sweep(contentsOf(index.files));
    // What is also in another folder that stays.
    if (index.marks.length > 0) await this.sync();
  }

  /** The bytes, if they are here. */
  open(id: string): Promise<File | undefined> {
    const file = this.#index.files.find((each) => each.id === id);
    return file === undefined ? Promise.resolve(undefined) : this.#parts.store.open(file.contentId, file.sizeBytes);
  }

  /** Whether a change may be about what is kept: of a folder above it nobody tells more than that. */
  concerns({ id, kind, node }: ChangeJson): boolean {
    if (this.#index.marks.length === 0) return false;
    if (kind === "gone" || node === undefined || node.trashed_at !== null || node.kind !== "file") return true;
    return this.view.ids.has(id) || (node.parent_id !== null && this.#folders.has(node.parent_id));
  }

  /** Makes what is here what the server has. Resolves when that is so, or it is known why not. */
  sync(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** The same for files of others: no change tells of a share that is not mounted, nor of its end. */
  async follow(): Promise<void> {
    if (this.#isShared) await this.sync();
  }

  /** Nothing is written after it has resolved. */
  async end(): Promise<void> {
    this.#ending.abort(new DOMException("Nobody is signed in any more.", "AbortError"));
    await this.#running?.catch(() => {});
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    await this.#parts.ifAlone(async () => {
      while (this.#again && !signal.aborted) {
        this.#again = false;
        await this.#round(signal).catch((thrown: unknown) => {
          if (signal.aborted) return;
          // A server that is away is asked again when it is back.
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

  /** @returns false where nothing more has room */
  async #load(file: KeptFile, signal: AbortSignal): Promise<boolean> {
    const { client, store, hash } = this.#parts;
    try {
      // Another file may have the same content, or the index was not written after the bytes were.
      if ((await store.open(file.contentId, file.sizeBytes)) === undefined) {
        if ((await store.freeBytes()) < file.sizeBytes + spareBytes) throw new HoldfastError("quota", "No room.");
        await loadContent(client, file, await store.write(file.contentId), hash, signal);
      }
      await this.#change(({ marks, files }) => {
        // Somebody may have changed their mind meanwhile.
        if (marks.every(({ id }) => id !== file.markId)) return { marks, files };
        return { marks, files: files.filter(({ id }) => id !== file.id).concat(file) };
      });
      return true;
    } catch (thrown) {
      if (signal.aborted || toHoldfastError(thrown).retryable) throw thrown;
      const isFull = isQuota(thrown);
      this.#problem = isFull ? "full" : "failed";
      // It has newer content by now, or is gone: the change that tells of it is on its way.
      return !isFull;
    }
  }

  #change(change: (index: KeptIndex) => KeptIndex): Promise<KeptIndex> {
    const { alone, store, tell } = this.#parts;
    return alone(async () => {
      this.#ending.signal.throwIfAborted();
      const index = change(readIndex(await store.readIndex()));
      await store.writeIndex(JSON.stringify(index));
      this.#index = index;
      tell();
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

/** Said by us, or by the browser. */
function isQuota(thrown: unknown): boolean {
  const isOurs = thrown instanceof HoldfastError && thrown.code === "quota";
  return isOurs || (thrown instanceof DOMException && thrown.name === "QuotaExceededError");
}
