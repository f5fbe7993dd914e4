import { makeListeners } from "../browser/listeners.ts";
import { FolderShown } from "./folder-shown.ts";
import { type CompareRows, compareBy, type SortOrder } from "./row-order.ts";
import type { Row } from "./row.ts";

/** Immutable; replaced on every change. */
export interface FolderSnapshot {
  /** Exact once complete. Before, the server's count plus the changes since. */
  readonly total: number;
  readonly isComplete: boolean;
  /** Changes that would move rows and wait for `release`. */
  readonly waitingCount: number;
}

export interface FolderPage {
  /** Pages of "last" are in reverse order. */
  readonly from: "first" | "last";
  readonly rows: readonly Row[];
  readonly isEnd: boolean;
  /** Children of the folder, if the page reports it. */
  readonly total: number | undefined;
  readonly thumbTag?: string;
}

export interface RowChange {
  readonly id: string;
  readonly seq: number;
  /** Undefined if the node is not, or no longer, in the folder. */
  readonly row: Row | undefined;
  /** The server's count did not include the node. */
  readonly isNew: boolean;
}

/** `waits`: a row that would move while the order is held stays until `release`. */
export type When = "at_once" | "waits";
export type OverlayRow = (id: string, server: Row | undefined) => Row | undefined;

/**
 * Children of one folder in one order. Pages are added from both ends until they meet; the rows between are unknown.
 * Journal changes and pending actions are applied on top. Lookups by index and id are fast at any size.
 */
export class FolderIndex {
  readonly order: SortOrder;
  /** Tag for thumbnail requests, from the last page. */
  thumbTag: string | undefined;
  readonly #compare: CompareRows;
  readonly #overlay: OverlayRow;
  readonly #onRead: (row: Row) => void;
  readonly #shown: FolderShown;
  /** Server rows hidden by a pending action. */
  readonly #beneath = new Map<string, Row | undefined>();
  /** Sequence numbers of nodes removed during a read, which an older page must not restore. */
  readonly #goneSeqs = new Map<string, number>();
  /** Nodes changed during a read, which an older page may lack. */
  readonly #changed = new Set<string>();
  #serverCount = 0;
  #firstEnd: Row | undefined;
  #lastEnd: Row | undefined;
  #isComplete = false;
  #isReading = true;
  #snapshot: FolderSnapshot = { total: 0, isComplete: false, waitingCount: 0 };
  readonly #listeners = makeListeners();

  /** @param onRead gets each row that was read, but no changes */
  constructor(
    order: SortOrder = "natural",
    overlay: OverlayRow = (_, server) => server,
    onRead: (row: Row) => void = () => {},
  ) {
    this.order = order;
    this.#onRead = onRead;
    this.#compare = compareBy(order);
    this.#overlay = overlay;
    this.#shown = new FolderShown(this.#compare);
  }

  readonly subscribe = this.#listeners.add;

  readonly getSnapshot = (): FolderSnapshot => this.#snapshot;

  /** @returns undefined for a row that has not loaded */
  rowAt(index: number): Row | undefined {
    return this.#shown.rowAt(index);
  }

  /** @returns -1 for a row that is not in the list or has not loaded */
  indexOf(id: string): number {
    return this.#shown.indexOf(id);
  }

  rowOf(id: string): Row | undefined {
    return this.#shown.rowOf(id);
  }

  /** True for a removed row that still shows at its old place while the order is held. */
  isGone(id: string): boolean {
    return this.#shown.isGone(id);
  }

  /**
   * Changes by others that would move rows now wait until `release`. Changed values, own actions and pages show
   * immediately.
   */
  hold(): void {
    this.#shown.hold();
  }

  release(): void {
    this.#shown.release();
    this.#publish();
  }

  addPage({ from, rows, isEnd, total, thumbTag }: FolderPage): void {
    this.thumbTag = thumbTag ?? this.thumbTag;
    if (this.#isComplete) return;
    for (const row of rows) this.#onRead(row);
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

  applyChanges(changes: readonly RowChange[], when: When = "waits"): void {
    const [only] = changes;
    if (changes.length === 1 && only !== undefined) this.#apply(only, when);
    else
      this.#shown.inOneGo(() => {
        for (const change of changes) this.#apply(change, when);
      });
    this.#publish();
  }

  /** Stars are private and have no sequence number. */
  star(ids: ReadonlySet<string>, isStarred: boolean): void {
    for (const id of ids) {
      const row = this.#serverRow(id);
      if (row !== undefined) this.#setServer(id, { ...row, isStarred }, "at_once");
    }
    this.#publish();
  }

  /** Call after pending actions on the nodes began or ended. */
  overlayChanged(ids: Iterable<string>): void {
    this.#shown.inOneGo(() => {
      for (const id of ids) this.#show(id, this.#serverRow(id), "at_once");
    });
    this.#publish();
  }

  /** Call before reading the list again, when the journal cannot report the changes. */
  beginReading(): void {
    this.#isReading = true;
    this.#changed.clear();
  }

  /** Applies only the differences. @param rows all rows, read since `beginReading` */
  replaceAll(rows: readonly Row[]): void {
    for (const row of rows) this.#onRead(row);
    const kept = new Set(rows.map(({ id }) => id));
    const missing = [...this.#shown.ids(), ...this.#beneath.keys()].filter(
      (id) => !kept.has(id) && !this.#changed.has(id),
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
    this.#changed.clear();
    this.#shown.setGap(undefined, 0);
  }

  #apply({ id, seq, row, isNew }: RowChange, when: When): void {
    if (!this.#isNews(id, seq)) return;
    if (row === undefined && this.#isReading) this.#goneSeqs.set(id, seq);
    if (this.#isReading) this.#changed.add(id);
    const wasKnown = this.#serverRow(id) !== undefined;
    this.#setServer(id, row, when);
    // The row was counted among the unknown rows.
    if (row !== undefined && !wasKnown && !isNew) this.#shown.knowMore(1);
  }

  /** Compares by equality: after a restore, sequence numbers belong to another history. */
  #isOther(row: Row): boolean {
    const known = this.#serverRow(row.id);
    return this.#changed.has(row.id)
      ? this.#isNews(row.id, row.seq)
      : known?.seq !== row.seq || known.revision !== row.revision;
  }

  #isNews(id: string, seq: number): boolean {
    return seq > (this.#serverRow(id)?.seq ?? -1) && seq > (this.#goneSeqs.get(id) ?? -1);
  }

  /** @param rows ascending */
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

  #setServer(id: string, row: Row | undefined, when: When): void {
    const wasKnown = this.#isKnown(id);
    if (wasKnown !== (row !== undefined)) this.#serverCount += row === undefined ? -1 : 1;
    this.#show(id, row, when);
  }

  #show(id: string, server: Row | undefined, when: When): void {
    const row = this.#overlay(id, server);
    if (row === server) this.#beneath.delete(id);
    else this.#beneath.set(id, server);
    this.#shown.place(id, row, when);
  }

  #publish(): void {
    const { total, waitingCount } = this.#shown;
    this.#snapshot = { total, isComplete: this.#isComplete, waitingCount };
    this.#listeners.call();
  }
}
