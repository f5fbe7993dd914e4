import { printable } from "@holdfast/core/printable";
import type { Output } from "./output.ts";
import { columnsOf, formatBytes, formatLocalTime, formatTable, formatTime, zonedTime } from "./text.ts";

/** Of a list: its title on a terminal, and whether numbers stand in it. */
export interface Column {
  readonly title: string;
  readonly right?: true;
  /** With which its cells begin or end, and which the title says: it is left out below that. */
  readonly word?: string;
  /** Its cells are IDs, of which commands take the first characters: shortened where a table has no room for them. */
  readonly id?: true;
}

/** On a terminal as the clock on the wall has it; elsewhere in UTC. */
export function timeFor({ isTerminal }: Pick<Output, "isTerminal">, time: string | null | undefined): string {
  return isTerminal ? formatLocalTime(time) : formatTime(time);
}

/** The same with its zone, for an end that a command sets: "2027-03-01 23:59:59 +01:00", or "2027-03-01 22:59:59Z". */
export function endFor({ isTerminal }: Pick<Output, "isTerminal">, time: string): string {
  return isTerminal ? zonedTime(time) : formatTime(new Date(time).toISOString());
}

/** On a terminal as people read it; elsewhere in bytes. */
export function sizeFor({ isTerminal }: Pick<Output, "isTerminal">, bytes: number): string {
  return isTerminal ? formatBytes(bytes) : String(bytes);
}

/** On less than that all rows are folded where one is. */
const narrowColumns = 60;

/** The cells one after the other, as many in a line as there is room for; those behind the first line stand further in. */
function folded(row: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const cell of row.map(printable).filter((each) => each !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && columnsOf(last) + 2 + columnsOf(cell) < width)
      lines[lines.length - 1] = `${last}  ${cell}`;
    else lines.push(last === undefined ? cell : `    ${cell}`);
  }
  return lines;
}

/** What the title says is not said again. */
function withoutWord(cell: string, word: string | undefined): string {
  if (word === undefined) return cell;
  if (cell.startsWith(`${word} `)) return cell.slice(word.length + 1);
  return cell.endsWith(` ${word}`) ? cell.slice(0, -word.length - 1) : cell;
}

/**
 * Lists for people and for scripts: on a terminal with titles, sizes and times as people read them; elsewhere bytes and UTC, without
 * titles, as scripts have always read them. Where the terminal is too narrow for a table a row takes several lines, rather than one that the
 * terminal breaks anywhere.
 */
export class Listing {
  readonly #isTerminal: boolean;
  /** Of the terminal. */
  readonly #width: number | undefined;
  readonly #columns: readonly Column[];
  readonly #none: string;
  #isBegun = false;

  /**
   * The listing of one command.
   * @param none the sentence that a terminal shows for an empty list
   */
  constructor(
    { isTerminal, columns: width }: Pick<Output, "isTerminal"> & Partial<Pick<Output, "columns">>,
    columns: readonly Column[],
    none: string,
  ) {
    this.#isTerminal = isTerminal;
    this.#width = width;
    this.#columns = columns;
    this.#none = none;
  }

  size(bytes: number): string {
    return sizeFor({ isTerminal: this.#isTerminal }, bytes);
  }

  /** What a folder holds is not counted: 0 B would be taken for it. */
  sizeOf({ kind, size }: { readonly kind: string; readonly size: number }): string {
    return this.#isTerminal && (kind === "folder" || kind === "mount") ? "-" : this.size(size);
  }

  time(time: string | null | undefined): string {
    return timeFor({ isTerminal: this.#isTerminal }, time);
  }

  /**
   * A page, the first with the titles; on a terminal a list of nothing says so.
   * @param rows of a cell for each column; those behind the last title have none
   */
  lines(rows: readonly (readonly string[])[]): string[] {
    const isFirst = !this.#isBegun;
    this.#isBegun = true;
    if (!this.#isTerminal) return formatTable(rows, rightOf(this.#columns));
    if (rows.length === 0) return isFirst ? [this.#none] : [];
    const width = this.#width ?? Infinity;
    const page = { columns: this.#columns, rows, hasTitles: isFirst };
    const whole = tableOf(page);
    if (whole.every((line) => hasRoom(line, width))) return whole;
    const short = withShortIds(withoutEmpty(page));
    const shorter = tableOf(short);
    return shorter.every((line) => hasRoom(line, width)) ? shorter : narrowed(short, width);
  }
}

interface Page {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  readonly hasTitles: boolean;
}

/** The titles, where they are to be, and the cells without what these say. */
function cellsOf({ columns, rows, hasTitles }: Page): (readonly string[])[] {
  const short = rows.map((row) => row.map((cell, index) => withoutWord(cell, columns[index]?.word)));
  return [...(hasTitles ? [columns.map(({ title }) => title)] : []), ...short];
}

function tableOf(page: Page): string[] {
  return formatTable(cellsOf(page), rightOf(page.columns));
}

function rightOf(columns: readonly Column[]): number[] {
  return columns.flatMap((column, index) => (column.right === true ? [index] : []));
}

function hasRoom(line: string | undefined, width: number): boolean {
  return columnsOf(line ?? "") < width;
}

/** Columns in which no row says anything take no room from the others where that is scarce. */
function withoutEmpty({ columns, rows, hasTitles }: Page): Page {
  const isSaid = (_: unknown, index: number): boolean =>
    index >= columns.length || rows.some((row) => !["", "-"].includes(row[index] ?? ""));
  return { columns: columns.filter(isSaid), rows: rows.map((row) => row.filter(isSaid)), hasTitles };
}

/** Ends of the groups of an ID, in characters. */
const idStarts: readonly number[] = [13, 18, 23, 36];

/** The first groups of each ID that tell it from the others. */
function withShortIds(page: Page): Page {
  const shorten = (column: number): ((id: string) => string) => {
    const ids = new Set(page.rows.map((row) => row[column] ?? ""));
    const length = idStarts.find((each) => new Set([...ids].map((id) => id.slice(0, each))).size === ids.size) ?? 36;
    return (id) => (id.length > length ? `${id.slice(0, length)}…` : id);
  };
  const shorteners = page.columns.map(({ id }, column) => (id === true ? shorten(column) : (cell: string) => cell));
  return { ...page, rows: page.rows.map((row) => row.map((cell, column) => shorteners[column]?.(cell) ?? cell)) };
}

/** What stands last has a line of its own where it is too long, or rows that are too wide fold. */
function narrowed(page: Page, width: number): string[] {
  const lines = tableOf(page);
  const cells = cellsOf(page);
  const heads = formatTable(
    cells.map((row) => row.slice(0, -1)),
    rightOf(page.columns),
  );
  const isTable = width >= narrowColumns && heads.every((line) => hasRoom(line, width));
  if (!isTable && !lines.every((line) => hasRoom(line, width))) return besideTable(page, width);
  return lines.flatMap((line, index) =>
    hasRoom(line, width) ? [line] : [heads[index] ?? "", `    ${printable(cells[index]?.at(-1) ?? "")}`],
  );
}

/** Few rows that are too wide take nothing from the others: those stay a table, and they fold between them. */
function besideTable(page: Page, width: number): string[] {
  const { columns, rows, hasTitles } = page;
  const cells = cellsOf(page);
  const inTable = width < narrowColumns ? new Set<number>() : fitting(cells, width);
  if (inTable.size <= cells.length - rows.length / 2) inTable.clear();
  const stacked = inTable.size === 0 ? stackedIn(cells, rightOf(columns), width) : undefined;
  if (stacked !== undefined) return stacked;
  const kept = cells.filter((_, index) => inTable.has(index));
  const table = formatTable(kept, rightOf(columns)).values();
  // Without titles beside them cells are told apart by their words.
  const all = [...(hasTitles ? [columns.map(({ title }) => title)] : []), ...rows];
  return all.flatMap((row, index) => (inTable.has(index) ? [table.next().value ?? ""] : folded(row, width)));
}

/**
 * Rows of several lines each, whose cells stand below each other as in a table.
 * @returns undefined where a cell has no room in a line of its own
 */
function stackedIn(
  cells: readonly (readonly string[])[],
  right: readonly number[],
  width: number,
): string[] | undefined {
  const indent = "    ";
  const parts: string[][] = [];
  const columnsMax = Math.max(...cells.map(({ length }) => length));
  for (let start = 0; start < columnsMax;) {
    const before = parts.length === 0 ? "" : indent;
    const upTo = (end: number): string[] =>
      formatTable(
        cells.map((row) => row.slice(start, end)),
        right.map((column) => column - start),
      ).map((line) => (line === "" ? "" : before + line));
    let end = start + 1;
    while (end < columnsMax && upTo(end + 1).every((line) => hasRoom(line, width))) end += 1;
    const part = upTo(end);
    if (!part.every((line) => hasRoom(line, width))) return undefined;
    parts.push(part);
    start = end;
  }
  return cells.flatMap((_, row) => parts.flatMap((part) => (part[row] === "" ? [] : [part[row] ?? ""])));
}

/** Which rows make a table that has room, the short ones first; by their index. */
function fitting(rows: readonly (readonly string[])[], width: number): Set<number> {
  const measured = rows.map((row) => row.map((cell) => columnsOf(printable(cell))));
  const widthOf = (widths: readonly number[]): number => widths.reduce((sum, each) => sum + each + 2, -2);
  const shortFirst = [...measured.keys()].toSorted((a, b) => widthOf(measured[a] ?? []) - widthOf(measured[b] ?? []));
  const taken = new Set<number>();
  let table: number[] = [];
  for (const index of shortFirst) {
    const row = measured[index] ?? [];
    const wider = Array.from({ length: Math.max(table.length, row.length) }, (_, at) =>
      Math.max(table[at] ?? 0, row[at] ?? 0),
    );
    if (widthOf(wider) >= width) continue;
    table = wider;
    taken.add(index);
  }
  return taken;
}
