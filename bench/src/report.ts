import type { Machine } from "./machine.ts";

export interface Row {
  readonly work: string;
  /** Measured program: `holdfast`, `calibration`, or a peer. */
  readonly by: string;
  readonly value: number;
  readonly unit:
    | "s"
    | "files/s"
    | "MB/s"
    | "requests/s"
    | "ms"
    | "MB"
    | "KB"
    | "B"
    | "wake-ups"
    | "x"
    | "%"
    | "CLS"
    | "errors";
  readonly goal?: Goal;
  /** Further facts, such as the seconds behind a rate. */
  readonly note?: string;
  /** Known for rows that can be compared with another commit. */
  readonly cost?: Cost;
}

/** Cost of a fixed amount of work. */
export interface Cost {
  readonly seconds: number;
  /** CPU seconds by process group: `server` and its `database`, and `client`, or the devices `A` and `B`. */
  readonly cpu: Readonly<Record<string, number>>;
  /** Peak resident memory of single processes. */
  readonly peakMb?: Readonly<Record<string, number>>;
}

/** In the row's unit. */
export interface Goal {
  readonly atMost?: number;
  readonly atLeast?: number;
}

export function printTable(machine: Machine, rows: readonly Row[]): void {
  printFacts(machine);
  const cells = rows.map((row) => [row.work, row.by, format(row.value), row.unit, formatGoal(row), row.note ?? ""]);
  process.stdout.write(`${aligned(cells, [2]).join("\n")}\n`);
}

export function printFacts(facts: object): void {
  const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(12)} ${String(value)}\n`);
  process.stdout.write(`${lines.join("")}\n`);
}

/** Pads the columns. @param numeric columns that are aligned right */
export function aligned(cells: readonly (readonly string[])[], numeric: readonly number[]): string[] {
  const widthOf = (column: number) => Math.max(...cells.map((line) => line[column]?.length ?? 0));
  const widths = cells[0]?.map((_, column) => widthOf(column)) ?? [];
  const pad = (cell: string, column: number) =>
    numeric.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return cells.map((line) => line.map(pad).join("  ").trimEnd());
}

export function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

/** Only Holdfast has goals. */
function formatGoal({ goal, value, by }: Row): string {
  if (goal === undefined || by !== "holdfast") return "";
  const { atMost = Infinity, atLeast = 0 } = goal;
  const reached = value <= atMost && value >= atLeast;
  return `${reached ? "reached" : "NOT"} ${atMost === Infinity ? `>= ${format(atLeast)}` : `<= ${format(atMost)}`}`;
}

/** Runs the work once. @returns seconds */
export async function timed(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}

export function cpuNote({ cpu }: Cost): string {
  const groups = Object.entries(cpu).map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`);
  return `CPU ${groups.join(", ")}`;
}
