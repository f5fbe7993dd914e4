import type { Output } from "./output.ts";
import { formatBytes, formatLocalTime, formatTable, formatTime } from "./text.ts";

/** Of a list: its title on a terminal, and whether numbers stand in it. */
export interface Column {
  readonly title: string;
  readonly right?: true;
}

/** On a terminal as the clock on the wall has it; elsewhere in UTC. */
export function timeFor({ isTerminal }: Pick<Output, "isTerminal">, time: string | null | undefined): string {
  return isTerminal ? formatLocalTime(time) : formatTime(time);
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

  /** What a folder holds is not counted: 0 B would be taken for it. */
  sizeOf({ kind, size }: { readonly kind: string; readonly size: number }): string {
    return this.#isTerminal && kind === "folder" ? "-" : this.size(size);
  }

  time(time: string | null | undefined): string {
    return timeFor({ isTerminal: this.#isTerminal }, time);
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
