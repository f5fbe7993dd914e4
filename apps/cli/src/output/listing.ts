import { printable } from "@holdfast/core/printable";
import type { Output } from "./output.ts";
import {
  columnsOf,
  columnWidths,
  formatBytes,
  formatLocalTime,
  formatTable,
  formatTime,
  shortPath,
  wrapped,
  zonedTime,
} from "./text.ts";

export interface Column {
  readonly title: string;
  readonly right?: true;
  /** Word at the start or end of each cell that the title already has. The table omits it. */
  readonly word?: string;
  /**
   * Cells are names or paths that commands do not need exactly, so a wide table shortens them in the middle. Two
   * different cells must stay distinguishable, unless "alike".
   */
  readonly shortens?: true | "alike";
  /** "-" is a value, so the column is kept even if all cells are "-". */
  readonly keeps?: true;
  /** Omitted first from a table that is too wide. */
  readonly yields?: true;
  /** Last column, with paths that people copy. A long path is not shortened, and the terminal wraps it. */
  readonly overflows?: true;
}

/** Local time on a terminal, otherwise UTC. */
export function timeFor({ isTerminal }: Pick<Output, "isTerminal">, time: string | null | undefined): string {
  return isTerminal ? formatLocalTime(time) : formatTime(time);
}

/** "2027-03-01 23:59:59 +01:00" on a terminal, otherwise "2027-03-01 22:59:59Z". */
export function endFor({ isTerminal }: Pick<Output, "isTerminal">, time: string): string {
  return isTerminal ? zonedTime(time) : formatTime(new Date(time).toISOString());
}

export function sizeFor({ isTerminal }: Pick<Output, "isTerminal">, bytes: number): string {
  return isTerminal ? formatBytes(bytes) : String(bytes);
}

function withoutWord(cell: string, word: string | undefined): string {
  if (word === undefined) return cell;
  if (cell.startsWith(`${word} `)) return cell.slice(word.length + 1);
  return cell.endsWith(` ${word}`) ? cell.slice(0, -word.length - 1) : cell;
}

/**
 * A terminal gets titles, sizes with units and local times; a script gets bytes and UTC without titles. A table that is
 * too wide omits empty columns and shortens names in the middle. If that is not enough, the fields of each row are
 * listed one per line. A later page keeps the columns of earlier pages, or starts a new table with titles if they do
 * not fit.
 */
export class Listing {
  readonly #isTerminal: boolean;
  readonly #width: number | undefined;
  readonly #columns: readonly Column[];
  readonly #none: string;
  #isBegun = false;
  /** undefined if the previous page was not a table */
  #layout: Layout | undefined;
  /** Later pages are stacked too, because a table would have no titles. */
  #isStacked = false;

  /** @param none sentence for an empty list on a terminal */
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

  /** The size of a folder is unknown, and 0 B would be wrong. */
  sizeOf({ kind, size }: { readonly kind: string; readonly size: number }): string {
    return this.#isTerminal && (kind === "folder" || kind === "mount") ? "-" : this.size(size);
  }

  time(time: string | null | undefined): string {
    return timeFor({ isTerminal: this.#isTerminal }, time);
  }

  /**
   * The first page has titles. On a terminal, an empty list is reported.
   * @param rows one cell for each column; cells after the last title have no column
   */
  lines(rows: readonly (readonly string[])[]): string[] {
    const isFirst = !this.#isBegun;
    this.#isBegun = true;
    const page = { columns: this.#columns, rows, hasTitles: this.#isTerminal };
    if (!this.#isTerminal) return this.#printed(continuing(page, this.#layout) ?? { ...page, hasTitles: false });
    if (rows.length === 0) return isFirst ? [this.#none] : [];
    const width = this.#width ?? Infinity;
    const cells = rows.map((row) => row.map((cell, index) => withoutWord(cell, this.#columns[index]?.word)));
    if (!this.#isStacked) {
      const next = continuing({ ...page, rows: cells }, this.#layout);
      const continued = next && (fits(next, width) ? next : shortened(next, width));
      if (continued !== undefined) return this.#printed(continued);
      const begun = tableWithin({ ...page, rows: cells }, width);
      if (begun !== undefined) return [...(isFirst ? [] : [""]), ...this.#printed(begun)];
      this.#isStacked = true;
    }
    const lines: string[] = [];
    for (const row of cells) lines.push("", ...fieldLines(row, this.#columns, width));
    return isFirst ? lines.slice(1) : lines;
  }

  #printed(page: Page): string[] {
    this.#layout = { columns: page.columns, widths: columnWidths(textOf(page), page.widthsMin) };
    return tableOf(page);
  }
}

interface Layout {
  readonly columns: readonly Column[];
  readonly widths: readonly number[];
}

interface Page {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  readonly hasTitles: boolean;
  readonly widthsMin?: readonly number[];
}

/** @returns undefined if an omitted column has content now */
function continuing(page: Page, layout: Layout | undefined): Page | undefined {
  if (layout === undefined) return undefined;
  const { columns, widths } = layout;
  const isLost = page.columns.map((column) => !columns.includes(column) && column.yields !== true);
  if (page.rows.some((row) => row.some((cell, index) => isLost[index] === true && !isEmpty(cell)))) return undefined;
  const { rows } = only(page, (column) => columns.includes(column));
  // A long path in the last column must not take space from later pages.
  const last = columns.length - 1;
  const widthsMin = columns[last]?.right === true ? widths : widths.slice(0, last);
  return { columns, rows, hasTitles: false, widthsMin };
}

/** @returns undefined if a table does not fit */
function tableWithin(page: Page, width: number): Page | undefined {
  if (fits(page, width)) return page;
  const said = withoutEmpty(page);
  return (
    shortened(said, width) ??
    shortened(
      only(said, ({ yields }) => yields !== true),
      width,
    )
  );
}

function fits(page: Page, width: number): boolean {
  return tableOf(page).every((line) => columnsOf(line) < width);
}

function tableOf(page: Page): string[] {
  return formatTable(textOf(page), rightOf(page.columns), page.widthsMin);
}

function textOf({ columns, rows, hasTitles }: Page): string[][] {
  return [...(hasTitles ? [columns.map(({ title }) => title)] : []), ...rows.map((row) => row.map(printable))];
}

function rightOf(columns: readonly Column[]): number[] {
  return columns.flatMap((column, index) => (column.right === true ? [index] : []));
}

function isEmpty(cell: string | undefined): boolean {
  return cell === undefined || cell === "" || cell === "-";
}

function withoutEmpty(page: Page): Page {
  return only(page, ({ keeps }, index) => keeps === true || page.rows.some((row) => !isEmpty(row[index])));
}

/** Keeps cells after the last title. */
function only(page: Page, isShown: (column: Column, index: number) => boolean): Page {
  const shown = page.columns.map(isShown);
  const rows = page.rows.map((row) => row.filter((_, index) => shown[index] !== false));
  return { ...page, columns: page.columns.filter((_, index) => shown[index]), rows };
}

/** Enough to recognize a name. */
const shortestColumns = { unlike: 20, alike: 12 };

/** Minimum width for a last column that the terminal wraps. */
const brokenColumns = 12;

/**
 * Shortens the widest column first.
 * @returns undefined if the table still does not fit, or if two names would look the same
 */
function shortened(page: Page, width: number): Page | undefined {
  const { columns, rows } = page;
  const printed = rows.map((row) => row.map(printable));
  const widths = columnWidths(textOf(page), page.widthsMin);
  const kept = [...widths];
  let missing = widths.reduce((sum, each, index) => sum + leastOf(each, columns[index]) + 2, -2) - (width - 1);
  for (; missing > 0; missing -= 1) {
    const [widest] = columns
      .flatMap(({ shortens }, index) =>
        shortens !== undefined && (kept[index] ?? 0) > shortestColumns[shortens === "alike" ? "alike" : "unlike"]
          ? [{ index, columns: kept[index] ?? 0 }]
          : [],
      )
      .toSorted((one, other) => other.columns - one.columns);
    if (widest === undefined) return undefined;
    kept[widest.index] = widest.columns - 1;
  }
  const short = printed.map((row) => row.map((cell, index) => shortPath(cell, kept[index] ?? Infinity)));
  const staysDistinct = columns.every(
    ({ shortens }, index) => shortens === "alike" || distinct(short, index) === distinct(printed, index),
  );
  return staysDistinct ? { ...page, rows: short, widthsMin: kept } : undefined;
}

function leastOf(width: number, column: Column | undefined): number {
  return column?.overflows === true ? Math.min(width, brokenColumns) : width;
}

function distinct(rows: readonly (readonly string[])[], column: number): number {
  return new Set(rows.map((row) => row[column])).size;
}

/** IDs and codes wider than the terminal are not broken. */
function fieldLines(row: readonly string[], columns: readonly Column[], width: number): string[] {
  const titleColumns = Math.max(...columns.map(({ title }) => title.length)) + 2;
  return row.flatMap((cell, index) => {
    if (isEmpty(cell) && columns[index]?.keeps !== true) return [];
    const title = (columns[index]?.title ?? "").padEnd(titleColumns);
    const room = Math.max(width - 1 - titleColumns, 1);
    const { shortens, overflows } = columns[index] ?? {};
    const lines =
      overflows === true
        ? [printable(cell)]
        : wrapped(printable(cell), room, shortens === undefined ? "whole" : "broken");
    if (lines.every((line) => columnsOf(line) <= room))
      return lines.map((line, number) => `${number === 0 ? title : " ".repeat(titleColumns)}${line}`);
    return [title.trimEnd(), printable(cell)].filter((line) => line !== "");
  });
}
