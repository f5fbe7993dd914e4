import { makeListeners } from "../../../browser/listeners.ts";
import type { ListedRow, RowSource, SeenTrash, SourceState } from "./row-source.ts";

export interface RowPage {
  readonly rows: readonly ListedRow[];
  readonly next: string | null;
  readonly thumbTag?: string;
  readonly seen?: SeenTrash;
}

type LoadPage = (cursor: string | undefined, signal: AbortSignal) => Promise<RowPage>;

/** The total is unknown, so one extra row stands for the next page. */
export class PagedRows implements RowSource {
  readonly waitingCount = 0;
  readonly #load: LoadPage;
  readonly #listeners = makeListeners();
  #aborter = new AbortController();
  #rows: readonly ListedRow[] = [];
  #places = new Map<string, number>();
  #gone = new Set<string>();
  #next: string | null | undefined;
  #isLoading = false;
  #snapshot: unknown = {};
  state: SourceState = "loading";
  thumbTag: string | undefined;
  seen: SeenTrash | undefined;

  constructor(load: LoadPage) {
    this.#load = load;
  }

  get total(): number {
    return this.#rows.length + (typeof this.#next === "string" ? 1 : 0);
  }

  get isWhole(): boolean {
    return this.#next === null;
  }

  readonly idAt = (index: number) => this.#rows[index]?.id;
  readonly rowAt = (index: number) => this.#rows[index];
  readonly indexOf = (id: string) => this.#places.get(id) ?? -1;
  readonly row = (id: string) => this.#rows[this.indexOf(id)];
  readonly isGone = (id: string) => this.#gone.has(id);
  readonly snapshot = () => this.#snapshot;
  readonly hold = () => {};
  readonly release = () => {};

  readonly subscribe = (listener: () => void) => {
    const stop = this.#listeners.add(listener);
    if (this.#next === undefined) void this.#more();
    return stop;
  };

  readonly need = (_from: number, to: number) => {
    if (to > this.#rows.length && typeof this.#next === "string" && this.state === "ready") void this.#more();
  };

  readonly retry = () => {
    if (this.state !== "ready") void this.#more();
  };

  /** Reads up to the current length again. Cancels earlier requests. */
  async reload(): Promise<void> {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    const { signal } = this.#aborter;
    const wanted = this.#rows.length;
    const rows: ListedRow[] = [];
    let next: string | null | undefined;
    let seen: SeenTrash | undefined;
    try {
      do {
        const page = await this.#load(next ?? undefined, signal);
        seen ??= page.seen;
        rows.push(...page.rows);
        next = page.next;
      } while (next !== null && rows.length < wanted);
    } catch (error) {
      // Shown rows stay; the next change or visit tries again.
      if (wanted === 0 && !signal.aborted) this.#say(navigator.onLine ? { error } : "offline");
      return;
    }
    this.#next = next;
    this.seen = seen;
    this.state = "ready";
    this.#set(rows);
  }

  /** @param by returns undefined to remove a row */
  change(by: (row: ListedRow) => ListedRow | undefined): void {
    this.#set(this.#rows.map(by).filter((row) => row !== undefined));
  }

  async #more(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const { signal } = this.#aborter;
    if (this.#rows.length === 0) this.#say("loading");
    try {
      const page = await this.#load(this.#next ?? undefined, signal);
      if (signal.aborted) return;
      this.#next = page.next;
      this.thumbTag = page.thumbTag ?? this.thumbTag;
      this.seen ??= page.seen;
      this.state = "ready";
      this.#set([...this.#rows, ...page.rows.filter(({ id }) => !this.#places.has(id))]);
    } catch (error) {
      if (!signal.aborted) this.#say(navigator.onLine ? { error } : "offline");
    } finally {
      this.#isLoading = false;
    }
  }

  #say(state: SourceState): void {
    this.state = state;
    this.#publish();
  }

  #set(rows: readonly ListedRow[]): void {
    const before = this.#places;
    this.#places = new Map(rows.map(({ id }, index) => [id, index]));
    this.#gone = new Set([...this.#gone, ...before.keys()].filter((id) => !this.#places.has(id)));
    this.#rows = rows;
    this.#publish();
  }

  #publish(): void {
    this.#snapshot = {};
    this.#listeners.call();
  }
}
