import { foldName } from "@holdfast/core/sort-key";
import type { ListedRow, RowSource } from "./row-source.ts";

/** Rows are immutable. */
const folded = new WeakMap<ListedRow, string>();

export class FilteredRows implements RowSource {
  readonly #all: RowSource;
  readonly #text: string;
  #of: unknown = {};
  #rows: readonly ListedRow[] = [];
  #places: ReadonlyMap<string, number> = new Map();

  constructor(all: RowSource, text: string) {
    this.#all = all;
    this.#text = foldName(text.trim());
  }

  get state() {
    return this.#all.state;
  }

  get folderId(): string | undefined {
    return this.#all.folderId;
  }

  get isWhole(): boolean {
    return this.#all.isWhole;
  }

  get waitingCount(): number {
    return this.#all.waitingCount;
  }

  get total(): number {
    return this.#fitting().length;
  }

  readonly idAt = (index: number) => this.#fitting()[index]?.id;
  readonly rowAt = (index: number) => this.#fitting()[index];
  readonly indexOf = (id: string) => {
    this.#fitting();
    return this.#places.get(id) ?? -1;
  };
  readonly row = (id: string) => this.#all.row(id);
  /** A row that does not match is hidden, not gone. */
  readonly isGone = (id: string) => this.#all.isGone(id);
  readonly hold = () => this.#all.hold();
  readonly release = () => this.#all.release();
  /** Searches only loaded rows, as the screen says. */
  readonly need = () => {};
  readonly retry = () => this.#all.retry();
  readonly subscribe = (listener: () => void) => this.#all.subscribe(listener);
  readonly snapshot = () => this.#all.snapshot();

  #fitting(): readonly ListedRow[] {
    const now = this.#all.snapshot();
    if (now === this.#of) return this.#rows;
    const rows: ListedRow[] = [];
    for (let index = 0; index < this.#all.total; index++) {
      const row = this.#all.rowAt(index);
      if (row !== undefined && foldedName(row).includes(this.#text)) rows.push(row);
    }
    this.#of = now;
    this.#rows = rows;
    this.#places = new Map(rows.map(({ id }, index) => [id, index]));
    return rows;
  }
}

function foldedName(row: ListedRow): string {
  const known = folded.get(row);
  if (known !== undefined) return known;
  const name = foldName(row.name);
  folded.set(row, name);
  return name;
}
