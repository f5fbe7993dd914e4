import { delimiterOf } from "./delimiter-of.ts";

interface Table {
  readonly rows: readonly (readonly string[])[];
  readonly hasMoreRows: boolean;
  readonly hasMoreColumns: boolean;
  /** Long cells have lost their ends. */
  readonly hasCutCells: boolean;
}

interface TableLimits {
  readonly rowsMax: number;
  readonly columnsMax: number;
  readonly cellsMax: number;
  readonly cellCharactersMax: number;
  readonly cellLinesMax: number;
}

/** Browsers become slow with more elements, and limit the height of a page. */
export const tableLimits: TableLimits = {
  rowsMax: 5000,
  columnsMax: 200,
  cellsMax: 200_000,
  cellCharactersMax: 1000,
  cellLinesMax: 50,
};

/** A first line that names the delimiter for Excel. It is not a row. */
const delimiterLine = /^sep=([^"\r\n])(?:\r\n?|\n|$)/i;

/** @param name of the file */
export function readTable(name: string, text: string): Table {
  const [line = "", delimiter] = delimiterLine.exec(text) ?? [];
  return delimiter === undefined
    ? parseTable(text, delimiterOf(name, text))
    : parseTable(text.slice(line.length), delimiter);
}

/**
 * Reads CSV (RFC 4180). Accepts any text: rows of different lengths, all kinds of line ends, quotes within a cell, text
 * after a closing quote, and a quote that never closes. Linear time; the limits bound the memory.
 * @param delimiter one character
 */
export function parseTable(text: string, delimiter: string, limits = tableLimits): Table {
  const reader = new CellReader(text, delimiter, limits);
  const rows: string[][] = [];
  let cellsCount = 0;
  let hasMoreColumns = false;
  let hasCutCells = false;
  while (!reader.isDone && rows.length < limits.rowsMax && cellsCount < limits.cellsMax) {
    const row: string[] = [];
    do {
      const cell = reader.read();
      if (row.length === limits.columnsMax) hasMoreColumns = true;
      else {
        row.push(cell);
        hasCutCells ||= reader.isCut;
      }
    } while (reader.passDelimiter());
    reader.passLineEnd();
    rows.push(row);
    cellsCount += row.length;
  }
  return { rows, hasMoreRows: !reader.isDone, hasMoreColumns, hasCutCells };
}

/** @returns the text up to the limits of a cell */
export function shortCell(text: string, { cellCharactersMax, cellLinesMax } = tableLimits): string {
  const start = text.length > cellCharactersMax ? withoutHalf(text.slice(0, cellCharactersMax)) : text;
  const lines = start.split(lineEnds, cellLinesMax + 1);
  return lines.length <= cellLinesMax ? start : lines.slice(0, cellLinesMax).join("\n");
}

/** Half of a surrogate pair would be shown as a damaged character. */
function withoutHalf(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, "");
}

const quote = '"';
const lineFeed = 10;
const carriageReturn = 13;
/** All characters at which browsers may begin a line. */
const lineEnds = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;

class CellReader {
  readonly #text: string;
  readonly #delimiter: number;
  readonly #limits: TableLimits;
  #at = 0;
  /** The cell that was read last is longer. */
  isCut = false;

  constructor(text: string, delimiter: string, limits: TableLimits) {
    this.#text = text;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#limits = limits;
  }

  get isDone(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Moves to the end of the cell: a delimiter, a line end, or the end of the text. */
  read(): string {
    this.isCut = false;
    const quoted = this.#text[this.#at] === quote ? this.#readQuoted() : "";
    const start = this.#at;
    while (!this.isDone && !this.#isCellEnd()) this.#at += 1;
    const cell = this.#extended(quoted, start, this.#at);
    const short = shortCell(cell, this.#limits);
    if (short.length < cell.length) this.isCut = true;
    return short;
  }

  /** @returns false at the end of the row */
  passDelimiter(): boolean {
    if (this.#text.charCodeAt(this.#at) !== this.#delimiter) return false;
    this.#at += 1;
    return true;
  }

  passLineEnd(): void {
    const isTwo =
      this.#text.charCodeAt(this.#at) === carriageReturn && this.#text.charCodeAt(this.#at + 1) === lineFeed;
    this.#at += isTwo ? 2 : 1;
  }

  #readQuoted(): string {
    let cell = "";
    this.#at += 1;
    for (;;) {
      const found = this.#text.indexOf(quote, this.#at);
      const end = found === -1 ? this.#text.length : found;
      cell = this.#extended(cell, this.#at, end);
      this.#at = end + 1;
      // Two quotes stand for one.
      if (found === -1 || this.#text[this.#at] !== quote) return cell;
      cell = this.#extended(cell, end, this.#at);
      this.#at += 1;
    }
  }

  #isCellEnd(): boolean {
    const code = this.#text.charCodeAt(this.#at);
    return code === this.#delimiter || code === lineFeed || code === carriageReturn;
  }

  /** Appends a part of the text as far as the cell has room. */
  #extended(cell: string, start: number, end: number): string {
    const room = this.isCut ? 0 : this.#limits.cellCharactersMax - cell.length;
    if (end - start <= room) return cell + this.#text.slice(start, end);
    this.isCut = true;
    return cell + withoutHalf(this.#text.slice(start, start + room));
  }
}
