import { FolderShown } from "./folder-shown.ts";
import { type CompareRows, compareBy, type SortOrder } from "./row-order.ts";
import type { Row } from "./row.ts";

/** What React compares: a new one whenever anything about the list has changed. */
export interface FolderSnapshot {
  /** Exact as soon as all is here; before that what the server counted, with what changed since. */
  readonly total: number;
  readonly isComplete: boolean;
  /** Changes of the order that wait until nothing is held. */
  readonly waitingCount: number;
}

export interface FolderPage {
  /** From which end of the order; those of "last" come backwards. */
  readonly from: "first" | "last";
  readonly rows: readonly Row[];
  /** There is nothing beyond it. */
  readonly isEnd: boolean;
  /** Children of the folder, where the page says so. */
  readonly total: number | undefined;
  readonly thumbTag?: string;
}

/** What has become of one node, as the journal tells it. */
export interface RowChange {
  readonly id: string;
  readonly seq: number;
  /** Undefined where it is not in this folder, or not any more. */
  readonly row: Row | undefined;
  /** It was made just now, so the server had not counted it. */
  readonly isNew: boolean;
}

/** Own acts that the server has not answered: what a row looks like with them. */
export type OverlayRow = (id: string, server: Row | undefined) => Row | undefined;

/**
 * The children of one folder in one order: pages from both ends that grow until they meet, with the right number of unknown rows between
 * them; the changes of others; own acts over it. Rows are found by their place and by their id in no time, however many there are.
 */
export class FolderIndex {
  readonly order: SortOrder;
  /** With which thumbnails of its rows are asked for, as the last page told it. */
  thumbTag: string | undefined;
  readonly #compare: CompareRows;
  readonly #overlay: OverlayRow;
  readonly #shown: FolderShown;
  /** What the server has where an own act shows something else. */
  readonly #beneath = new Map<string, Row | undefined>();
  /** While pages are read: what one that is older must not bring back. */
  readonly #goneSeqs = new Map<string, number>();
  /** While pages are read: what changes brought, which one that is older need not have. */
  readonly #told = new Set<string>();
  #serverCount = 0;
  #firstEnd: Row | undefined;
  #lastEnd: Row | undefined;
  #isComplete = false;
  #isReading = true;
  #snapshot: FolderSnapshot = { total: 0, isComplete: false, waitingCount: 0 };
  readonly #listeners = new Set<() => void>();

  constructor(order: SortOrder = "natural", overlay: OverlayRow = (_, server) => server) {
    this.order = order;
    this.#compare = compareBy(order);
    this.#overlay = overlay;
    this.#shown = new FolderShown(this.#compare);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): FolderSnapshot => this.#snapshot;

  /** Undefined for one that is not here yet. */
  rowAt(index: number): Row | undefined {
    return this.#shown.rowAt(index);
  }

  /** -1 for one that is not in the list, or not here yet. */
  indexOf(id: string): number {
    return this.#shown.indexOf(id);
  }

  rowOf(id: string): Row | undefined {
    return this.#shown.rowOf(id);
  }

  /** It went while the order is held, and stands where it stood. */
  isGone(id: string): boolean {
    return this.#shown.isGone(id);
  }

  /** From here on changes of others wait with what would move rows; values change in place, own acts and pages show at once. */
  hold(): void {
    this.#shown.hold();
  }

  /** Shows what has waited. */
  release(): void {
    this.#shown.release();
    this.#publish();
  }

  addPage({ from, rows, isEnd, total, thumbTag }: FolderPage): void {
    this.thumbTag = thumbTag ?? this.thumbTag;
    if (this.#isComplete) return;
    const fresh = rows.filter((row) => this.#isNews(row.id, row.seq));
    const end = rows.at(-1);
    this.#addRun(from === "first" ? fresh : fresh.toReversed());
    if (from === "first") this.#firstEnd = end ?? this.#firstEnd;
    else this.#lastEnd = end ?? this.#lastEnd;
    this.#shown.setGap(this.#lastEnd, total === undefined ? undefined : total - this.#serverCount);
    const haveMet =
      this.#firstEnd !== undefined && this.#lastEnd !== undefined && this.#compare(this.#firstEnd, this.#lastEnd) >= 0;
    if (isEnd || haveMet) this.#complete();
    this.#publish();
  }

  applyChanges(changes: readonly RowChange[]): void {
    const [only] = changes;
    if (changes.length === 1 && only !== undefined) this.#apply(only);
    else
      this.#shown.inOneGo(() => {
        for (const change of changes) this.#apply(change);
      });
    this.#publish();
  }

  /** Of the own account alone, so no number of the journal comes with it. */
  star(ids: ReadonlySet<string>, isStarred: boolean): void {
    for (const id of ids) {
      const row = this.#serverRow(id);
      if (row !== undefined) this.#setServer(id, { ...row, isStarred }, "at_once");
    }
    this.#publish();
  }

  /** Own acts have begun, succeeded or failed that are about these. */
  overlayChanged(ids: Iterable<string>): void {
    this.#shown.inOneGo(() => {
      for (const id of ids) this.#show(id, this.#serverRow(id), "at_once");
    });
    this.#publish();
  }

  /** To be called before all of it is read once more, because the journal cannot tell what has changed. */
  beginReading(): void {
    this.#isReading = true;
    this.#told.clear();
  }

  /** @param rows all of them, read since `beginReading`: only the difference shows */
  replaceAll(rows: readonly Row[]): void {
    const kept = new Set(rows.map(({ id }) => id));
    const missing = [...this.#shown.ids(), ...this.#beneath.keys()].filter(
      (id) => !kept.has(id) && !this.#told.has(id),
    );
    this.#shown.inOneGo(() => {
      for (const id of new Set(missing)) this.#setServer(id, undefined, "waits");
      for (const row of rows) if (this.#isOther(row)) this.#setServer(row.id, row, "waits");
    });
    this.#complete();
    this.#publish();
  }

  #complete(): void {
    this.#isComplete = true;
    this.#isReading = false;
    this.#goneSeqs.clear();
    this.#told.clear();
    this.#shown.setGap(undefined, 0);
  }

  #apply({ id, seq, row, isNew }: RowChange): void {
    if (!this.#isNews(id, seq)) return;
    if (row === undefined && this.#isReading) this.#goneSeqs.set(id, seq);
    if (this.#isReading) this.#told.add(id);
    const wasKnown = this.#serverRow(id) !== undefined;
    this.#setServer(id, row, "waits");
    // One of those between the ends has shown itself.
    if (row !== undefined && !wasKnown && !isNew) this.#shown.knowMore(1);
  }

  /** Of another history numbers say nothing. */
  #isOther(row: Row): boolean {
    const known = this.#serverRow(row.id);
    return this.#told.has(row.id)
      ? this.#isNews(row.id, row.seq)
      : known?.seq !== row.seq || known.revision !== row.revision;
  }

  #isNews(id: string, seq: number): boolean {
    return seq > (this.#serverRow(id)?.seq ?? -1) && seq > (this.#goneSeqs.get(id) ?? -1);
  }

  /** Rows of a page, ascending. */
  #addRun(rows: readonly Row[]): void {
    const run: Row[] = [];
    for (const row of rows) {
      const isFirst = !this.#isKnown(row.id);
      if (isFirst) this.#shown.knowMore(1);
      if (isFirst && this.#overlay(row.id, row) === row) run.push(row);
      else this.#setServer(row.id, row, "at_once");
    }
    this.#serverCount += run.length;
    this.#shown.addRun(run);
  }

  #isKnown(id: string): boolean {
    return this.#serverRow(id) !== undefined;
  }

  #serverRow(id: string): Row | undefined {
    return this.#beneath.has(id) ? this.#beneath.get(id) : this.#shown.rowOf(id);
  }

  #setServer(id: string, row: Row | undefined, when: "at_once" | "waits"): void {
    const wasKnown = this.#isKnown(id);
    if (wasKnown !== (row !== undefined)) this.#serverCount += row === undefined ? -1 : 1;
    this.#show(id, row, when);
  }

  #show(id: string, server: Row | undefined, when: "at_once" | "waits"): void {
    const row = this.#overlay(id, server);
    if (row === server) this.#beneath.delete(id);
    else this.#beneath.set(id, server);
    this.#shown.place(id, row, when);
  }

  #publish(): void {
    const { total, waitingCount } = this.#shown;
    this.#snapshot = { total, isComplete: this.#isComplete, waitingCount };
    for (const listener of this.#listeners) listener();
  }
}
