import type { GridCell, GridRow } from "../table/make-grid.ts";
import { shortCell, tableLimits } from "../table/parse-table.ts";
import type { CellFormats } from "./cell-formats.ts";
import { collectText } from "./collect-text.ts";
import type { OfficeText } from "./office-package.ts";
import { type Attributes, isTrue, scanXml } from "./read-xml.ts";

export interface Sheet {
  readonly head: GridRow;
  readonly rows: readonly GridRow[];
  readonly isRtl: boolean;
  readonly hasMoreRows: boolean;
  readonly hasMoreColumns: boolean;
  readonly hasCutCells: boolean;
}

interface CellSources {
  readonly strings: readonly string[];
  readonly formats: CellFormats;
}

/** Hidden rows and columns are left out. Shows the stored results of formulas, and calculates nothing. */
export function readSheet(part: OfficeText, sources: CellSources, limits = tableLimits): Sheet {
  const scan = new SheetScan(sources, limits);
  scanXml(part, {
    open: (name, attributes) => scan.open(name, attributes),
    close: (name) => scan.close(name),
    text: (text) => scan.text(text),
  });
  return scan.finish(part.isCut);
}

interface Place {
  /** From 0. */
  readonly column: number;
  /** From 1. */
  readonly row: number;
}

interface OpenCell {
  readonly column: number;
  readonly type: string;
  readonly style: number;
}

interface GrowingRow {
  readonly number: number;
  readonly cells: GridCell[];
}

const empty: GridCell = { text: "", isNumber: false };
const valueCharactersMax = tableLimits.cellCharactersMax + 1;
const mergesMax = 50_000;

class SheetScan {
  readonly #sources: CellSources;
  readonly #limits: typeof tableLimits;
  readonly #rows: GrowingRow[] = [];
  readonly #hiddenRows = new Set<number>();
  readonly #hiddenColumns = new Set<number>();
  readonly #merges: string[] = [];
  readonly #inline = collectText();
  #cellsCount = 0;
  #rowNumber = 0;
  /** Column after the last cell, from 0. */
  #nextColumn = 0;
  #cell: OpenCell | undefined;
  #isValue = false;
  #value = "";
  #isRtl = false;
  #hasMoreRows = false;
  #hasMoreColumns = false;
  #hasCutCells = false;

  constructor(sources: CellSources, limits: typeof tableLimits) {
    this.#sources = sources;
    this.#limits = limits;
  }

  open(name: string, attributes: () => Attributes): void {
    if (name === "c") this.#openCell(attributes());
    else if (name === "row") this.#openRow(attributes());
    else if (name === "v") this.#isValue = this.#cell !== undefined;
    else if (name === "col") this.#readColumns(attributes());
    else if (name === "sheetView") this.#isRtl = isTrue(attributes().get("rightToLeft"));
    else if (name === "mergeCell" && this.#merges.length < mergesMax) this.#merges.push(attributes().get("ref") ?? "");
    else if (this.#cell !== undefined) this.#inline.open(name);
  }

  close(name: string): void {
    this.#inline.close(name);
    if (name === "v") this.#isValue = false;
    if (name === "c") this.#closeCell();
  }

  text(text: string): void {
    if (this.#isValue && this.#value.length < valueCharactersMax) this.#value += text.slice(0, valueCharactersMax);
    else if (this.#cell !== undefined) this.#inline.add(text);
  }

  finish(isCut: boolean): Sheet {
    const columnsCount = this.#rows.reduce((most, { cells }) => Math.max(most, cells.length), 0);
    const covered = this.#mergedRows(columnsCount);
    const isShown = (_: unknown, column: number) => !this.#hiddenColumns.has(column);
    const letters = Array.from({ length: columnsCount }, (_, column) => ({
      text: columnLetters(column),
      isNumber: false,
    }));
    return {
      head: { number: undefined, cells: letters.filter(isShown) },
      rows: this.#rows.map(({ number, cells }) => ({
        number,
        cells: (covered.get(number) ?? cells).filter(isShown),
      })),
      isRtl: this.#isRtl,
      hasMoreRows: this.#hasMoreRows || isCut,
      hasMoreColumns: this.#hasMoreColumns,
      hasCutCells: this.#hasCutCells,
    };
  }

  #readColumns(attributes: Attributes): void {
    if (!isTrue(attributes.get("hidden")) || this.#hiddenColumns.size >= this.#limits.columnsMax) return;
    const [first, last] = [Number(attributes.get("min")), Number(attributes.get("max"))];
    if (!(first >= 1)) return;
    for (let column = first; column <= Math.min(last, this.#limits.columnsMax); column += 1)
      this.#hiddenColumns.add(column - 1);
  }

  #openRow(attributes: Attributes): void {
    const written = Number(attributes.get("r"));
    this.#rowNumber = Number.isSafeInteger(written) && written > this.#rowNumber ? written : this.#rowNumber + 1;
    this.#nextColumn = 0;
    if (isTrue(attributes.get("hidden")) && this.#rowNumber <= this.#limits.rowsMax)
      this.#hiddenRows.add(this.#rowNumber);
  }

  #openCell(attributes: Attributes): void {
    const column = placeOf(attributes.get("r") ?? "")?.column ?? this.#nextColumn;
    this.#nextColumn = column + 1;
    this.#cell = { column, type: attributes.get("t") ?? "n", style: Number(attributes.get("s") ?? 0) };
    this.#value = "";
    this.#inline.take();
  }

  #closeCell(): void {
    const cell = this.#cell;
    this.#cell = undefined;
    if (cell === undefined || this.#hiddenRows.has(this.#rowNumber)) return;
    // Cells that have only a format could be in all rows and columns.
    if (this.#value === "" && cell.type !== "inlineStr") return;
    const { rowsMax, columnsMax, cellsMax } = this.#limits;
    if (this.#rowNumber > rowsMax || this.#cellsCount >= cellsMax) this.#hasMoreRows = true;
    else if (cell.column >= columnsMax) this.#hasMoreColumns = true;
    else this.#place(cell.column, this.#contentOf(cell));
  }

  /** Fills the gap before the cell: the rows above, and the cells in its row. */
  #place(column: number, { text, isNumber }: GridCell): void {
    if (text === "") return;
    for (let number = (this.#rows.at(-1)?.number ?? 0) + 1; number <= this.#rowNumber; number += 1)
      if (!this.#hiddenRows.has(number)) this.#rows.push({ number, cells: [] });
    const row = this.#rows.at(-1);
    if (row === undefined) return;
    this.#cellsCount += Math.max(0, column + 1 - row.cells.length);
    while (row.cells.length < column) row.cells.push(empty);
    const short = shortCell(text, this.#limits);
    if (short.length < text.length) this.#hasCutCells = true;
    row.cells[column] = { text: short, isNumber };
  }

  #contentOf({ type, style }: OpenCell): GridCell {
    const { strings, formats } = this.#sources;
    const value = this.#value;
    if (type === "inlineStr") return { text: this.#inline.take(), isNumber: false };
    if (type === "s") return { text: strings[Number(value)] ?? "", isNumber: false };
    if (type === "b") return { text: formats.boolean(value === "1"), isNumber: false };
    const number = Number(value);
    if (type !== "n" || !Number.isFinite(number)) return { text: value, isNumber: false };
    return { text: formats.number(style, number), isNumber: true };
  }

  /** Rows with cells across several columns. Cells across several rows stay in the first one. */
  #mergedRows(columnsCount: number): ReadonlyMap<number, readonly (GridCell | undefined)[]> {
    const places = new Map(this.#rows.map((row) => [row.number, row.cells]));
    const merged = new Map<number, (GridCell | undefined)[]>();
    for (const ref of this.#merges) {
      const [from, to] = ref.split(":", 2).map(placeOf);
      const row: (GridCell | undefined)[] | undefined = from && (merged.get(from.row) ?? places.get(from.row)?.slice());
      const first = from && row?.[from.column];
      if (from === undefined || to === undefined || row === undefined || first === undefined) continue;
      if (first.columns !== undefined || this.#hiddenColumns.has(from.column)) continue;
      const end = Math.min(to.column + 1, columnsCount);
      let columns = 1;
      for (let column = from.column + 1; column < end && !isMerged(row, column); column += 1) {
        if (!this.#hiddenColumns.has(column)) columns += 1;
        row[column] = undefined;
      }
      if (columns > 1) row[from.column] = { ...first, columns };
      merged.set(from.row, row);
    }
    return merged;
  }
}

/** Only faulty files merge a cell twice. */
function isMerged(row: readonly (GridCell | undefined)[], column: number): boolean {
  return column < row.length && (row[column] === undefined || row[column].columns !== undefined);
}

/** @param ref such as `AB12` */
function placeOf(ref: string): Place | undefined {
  const [, letters, digits] = /^([A-Z]{1,3})(\d{1,7})$/.exec(ref) ?? [];
  if (letters === undefined || digits === undefined) return undefined;
  const column = Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
  return { column, row: Number(digits) };
}

function columnLetters(column: number): string {
  const before = column >= 26 ? columnLetters(Math.floor(column / 26) - 1) : "";
  return before + String.fromCharCode(65 + (column % 26));
}
