import type { Output } from "./output.ts";
import { formatBytes, formatLocalTime, formatTable, formatTime } from "./text.ts";

/** Of a list: its title on a terminal, and whether numbers stand in it. */
export interface Column {
  readonly title: string;
  readonly right?: true;
}

/**
 * Lists for people and for scripts: on a terminal with titles, sizes and times as people read them; elsewhere bytes and UTC, without
 * titles, as scripts have always read them.
 */
export class Listing {
  readonly #isTerminal: boolean;
  readonly #columns: readonly Column[];
  #isBegun = false;

  /** Of one command's output. */
  constructor({ isTerminal }: Pick<Output, "isTerminal">, columns: readonly Column[]) {
    this.#isTerminal = isTerminal;
    this.#columns = columns;
  }

  size(bytes: number): string {
    return this.#isTerminal ? formatBytes(bytes) : String(bytes);
  }

  time(time: string | null | undefined): string {
    return this.#isTerminal ? formatLocalTime(time) : formatTime(time);
  }

  /** A page, the first with the titles. @param rows of a cell for each column; those behind the last title have none */
  lines(rows: readonly (readonly string[])[]): string[] {
    const hasTitles = this.#isTerminal && !this.#isBegun && rows.length > 0;
    this.#isBegun = true;
    const titles = hasTitles ? [this.#columns.map(({ title }) => title)] : [];
    const right = this.#columns.flatMap((column, index) => (column.right === true ? [index] : []));
    return formatTable([...titles, ...rows], right);
  }
}
