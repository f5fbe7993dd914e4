import type { ApiClient } from "@holdfast/api-client/api-client";
import { type HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { makeListeners } from "../browser/listeners.ts";
import { FolderIndex, type RowChange, type When } from "./folder-index.ts";
import type { Live, News } from "./live.ts";
import { addPage, type FirstPage, loadFolder, readFirstPage, rereadFolder } from "./load-folder.ts";
import type { Overlay } from "./overlay.ts";
import type { SortOrder } from "./row-order.ts";
import { type Row, rowOf } from "./row.ts";

export interface OpenFolder {
  readonly id: string;
  readonly index: FolderIndex;
  /** Reason why the list is incomplete. */
  readonly failure: HoldfastError | undefined;
  readonly subscribe: (listener: () => void) => () => void;
  retry(): void;
  /** Marks the folder as in use. @returns ends the use; the folder stays cached for a while and receives changes */
  readonly keep: () => () => void;
}

export interface FoldersParts {
  readonly client: ApiClient;
  readonly live: Live;
  readonly overlay: Overlay;
  /** Limit for folders not in use. */
  readonly keptRowsMax: number;
}

/** Open and recent folders, updated by the journal and by own actions. */
export class Folders {
  readonly #parts: KeptParts;
  /** Sorted by last use. */
  readonly #folders = new Map<string, KeptFolder>();
  readonly #stars = new Stars();

  constructor(parts: FoldersParts) {
    this.#parts = { ...parts, stars: this.#stars };
    parts.live.listen((news) => this.#hear(news));
  }

  /**
   * Starts loading unless cached.
   * @param id node id, not `root`
   * @param early first page, requested before the start token was known
   */
  get(id: string, order: SortOrder, early?: Promise<FirstPage>): OpenFolder {
    const key = `${id} ${order}`;
    const folder = this.#folders.get(key) ?? new KeptFolder(this.#parts, id, order, () => this.#dropUnused(), early);
    this.#folders.delete(key);
    this.#folders.set(key, folder);
    folder.want();
    folder.retry();
    return folder;
  }

  /**
   * Loads the first page of a folder that may be opened soon.
   * @returns cancels it if nothing has arrived and the folder was not opened
   */
  prefetch(id: string, order: SortOrder): () => void {
    const key = `${id} ${order}`;
    if (this.#folders.has(key)) return () => {};
    const folder = new KeptFolder(this.#parts, id, order, () => this.#dropUnused(), undefined);
    this.#folders.set(key, folder);
    folder.retry();
    return () => {
      if (folder.isWanted || folder.hasRows || this.#folders.get(key) !== folder) return;
      folder.end();
      this.#folders.delete(key);
    };
  }

  /** Call when the server is reachable again. */
  retryFailed(): void {
    for (const folder of this.#folders.values()) if (folder.failure !== undefined) folder.retry();
  }

  /** Applies the server's answer to an own action. */
  take(nodes: readonly NodeJson[]): void {
    const changes = nodes.map((node) => ({ kind: "changed" as const, seq: node.seq, id: node.id, node }));
    for (const folder of this.#folders.values()) folder.apply(changes, "at_once");
  }

  /** The journal does not report stars. */
  star(ids: ReadonlySet<string>, isStarred: boolean): void {
    for (const id of ids) this.#stars.see({ id, isStarred });
    for (const { index } of this.#folders.values()) index.star(ids, isStarred);
  }

  clear(): void {
    for (const folder of this.#folders.values()) folder.end();
    this.#folders.clear();
    this.#stars.clear();
  }

  #hear(news: News): void {
    for (const folder of this.#folders.values()) {
      if (news.kind === "changes") folder.apply(news.changes);
      else if (news.kind === "reread") folder.reread();
    }
  }

  #dropUnused(): void {
    let rows = 0;
    for (const [key, folder] of [...this.#folders].toReversed()) {
      if (folder.isOpen) continue;
      rows += folder.index.getSnapshot().total;
      if (rows <= this.#parts.keptRowsMax) continue;
      folder.end();
      this.#folders.delete(key);
    }
  }
}

/** Starred ids, from the rows read so far. Remembers the star of a row that was removed and may come back. */
class Stars {
  readonly #ids = new Set<string>();

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  readonly see = ({ id, isStarred }: Pick<Row, "id" | "isStarred">): void => {
    if (isStarred) this.#ids.add(id);
    else this.#ids.delete(id);
  };

  clear(): void {
    this.#ids.clear();
  }
}

interface KeptParts extends FoldersParts {
  readonly stars: Stars;
}

class KeptFolder implements OpenFolder {
  readonly id: string;
  readonly index: FolderIndex;
  failure: HoldfastError | undefined;
  readonly #parts: KeptParts;
  readonly #onClose: () => void;
  #early: Promise<FirstPage> | undefined;
  readonly #ending = new AbortController();
  readonly #listeners = makeListeners();
  readonly #wanted = Promise.withResolvers<void>();
  #isWanted = false;
  #isLoading = false;
  #mustReread = false;
  #users = 0;

  constructor(parts: KeptParts, id: string, order: SortOrder, onClose: () => void, early?: Promise<FirstPage>) {
    this.id = id;
    this.#early = early;
    this.#parts = parts;
    this.#onClose = onClose;
    this.index = new FolderIndex(order, parts.overlay.over(id), parts.stars.see);
    const disconnect = parts.overlay.connect(id, this.index);
    this.#ending.signal.addEventListener("abort", disconnect, { once: true });
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  get hasRows(): boolean {
    const { total, isComplete } = this.index.getSnapshot();
    return total > 0 || isComplete;
  }

  want(): void {
    this.#isWanted = true;
    this.#wanted.resolve();
  }

  get isOpen(): boolean {
    return this.#users > 0;
  }

  readonly subscribe = this.#listeners.add;

  readonly keep = (): (() => void) => {
    this.#users += 1;
    return () => {
      this.#users -= 1;
      if (!this.isOpen) this.#onClose();
    };
  };

  end(): void {
    this.#ending.abort(new DOMException("The folder is no longer cached.", "AbortError"));
  }

  retry(): void {
    if (this.index.getSnapshot().isComplete && !this.#mustReread) return;
    if (this.#isLoading) return;
    void this.#load();
  }

  reread(): void {
    this.#mustReread = true;
    this.retry();
  }

  apply(changes: readonly ChangeJson[], when?: When): void {
    this.index.applyChanges(
      changes.flatMap((change) => this.#changeOf(change)),
      when,
    );
  }

  #changeOf({ id, seq, kind, node }: ChangeJson): RowChange[] {
    const isHere = node !== undefined && node.parent_id === this.id && node.trashed_at === null;
    if (!isHere) return [{ id, seq: node?.seq ?? seq, row: undefined, isNew: false }];
    const isNew = kind === "appeared" || node.created_at === node.updated_at;
    return [{ id, seq: node.seq, row: rowOf(node, this.#parts.stars.has(id)), isNew }];
  }

  async #load(): Promise<void> {
    this.#isLoading = true;
    this.#fail(undefined);
    const failure = await this.#read();
    // Reset before the listeners run, because a listener may retry immediately.
    this.#isLoading = false;
    this.#fail(failure);
  }

  /** @returns reason why the list is incomplete */
  async #read(): Promise<HoldfastError | undefined> {
    const { client, live } = this.#parts;
    const { signal } = this.#ending;
    try {
      const early = await this.#showEarly();
      await live.ready();
      if (early !== undefined || !this.index.getSnapshot().isComplete) {
        if (this.index.getSnapshot().total === 0) this.#mustReread = false;
        const first = await readFirstPage(client, this.id, this.index.order, signal);
        // A change between early page and start token is never reported.
        this.#mustReread ||= early !== undefined && !isSame(early, first);
        await loadFolder(client, this.id, this.index, signal, { firstPage: first, wanted: this.#wanted.promise });
      }
      while (this.#mustReread) {
        this.#mustReread = false;
        await rereadFolder(client, this.id, this.index, signal);
      }
      return undefined;
    } catch (thrown) {
      // Changes may have been missed, so the next attempt reads everything.
      this.#mustReread = true;
      return signal.aborted ? undefined : toHoldfastError(thrown);
    }
  }

  async #showEarly(): Promise<FirstPage | undefined> {
    const early = await this.#early?.catch(() => undefined);
    this.#early = undefined;
    if (early !== undefined) addPage(this.index, "first", early);
    return early;
  }

  #fail(failure: HoldfastError | undefined): void {
    if (failure === this.failure) return;
    this.failure = failure;
    this.#listeners.call();
  }
}

function isSame(early: FirstPage, first: FirstPage): boolean {
  return early.total === first.total && JSON.stringify(early.rows) === JSON.stringify(first.rows);
}
