import type { OpenFolder } from "../../../data/folders.ts";
import type { ListedRow, RowSource, SourceState } from "./row-source.ts";

export class FolderRows implements RowSource {
  readonly #folder: OpenFolder;
  /** Only rows that were loaded once can be gone. */
  readonly #seen = new Set<string>();
  #snapshot: readonly unknown[] = [];

  constructor(folder: OpenFolder) {
    this.#folder = folder;
  }

  get folderId(): string {
    return this.#folder.id;
  }

  get total(): number {
    return this.#folder.index.getSnapshot().total;
  }

  get isWhole(): boolean {
    return this.#folder.index.getSnapshot().isComplete;
  }

  get waitingCount(): number {
    return this.#folder.index.getSnapshot().waitingCount;
  }

  get state(): SourceState {
    const { failure } = this.#folder;
    if (this.total > 0 || this.isWhole) return "ready";
    if (failure === undefined) return "loading";
    return navigator.onLine ? { error: failure } : "offline";
  }

  readonly idAt = (index: number) => this.rowAt(index)?.id;
  readonly rowAt = (index: number): ListedRow | undefined => this.#folder.index.rowAt(index);
  readonly indexOf = (id: string) => this.#folder.index.indexOf(id);
  readonly row = (id: string): ListedRow | undefined => this.#folder.index.rowOf(id);

  readonly isGone = (id: string) => {
    if (this.indexOf(id) >= 0) {
      this.#seen.add(id);
      return false;
    }
    return this.#seen.has(id) || this.isWhole;
  };

  readonly hold = () => this.#folder.index.hold();
  readonly release = () => this.#folder.index.release();
  /** The whole folder is loaded anyway. */
  readonly need = () => {};
  readonly retry = () => this.#folder.retry();

  readonly subscribe = (listener: () => void) => {
    const stops = [this.#folder.index.subscribe(listener), this.#folder.subscribe(listener)];
    return () => {
      for (const stop of stops) stop();
    };
  };

  readonly snapshot = () => {
    const next = [this.#folder.index.getSnapshot(), this.#folder.failure];
    if (next.some((part, place) => part !== this.#snapshot[place])) this.#snapshot = next;
    return this.#snapshot;
  };
}
