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
}

/** In the row's unit. */
export interface Goal {
  readonly atMost?: number;
  readonly atLeast?: number;
}

export function printTable(machine: Machine, rows: readonly Row[]): void {
  const out: string[] = [];
  for (const [name, value] of Object.entries(machine)) out.push(`${name.padEnd(12)} ${String(value)}`);
  out.push("");
  const cells = rows.map((row) => [row.work, row.by, format(row.value), row.unit, formatGoal(row), row.note ?? ""]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0), 0));
  for (const line of cells) {
    out.push(
      line
        .map((cell, column) => (column === 2 ? cell.padStart(widths[2] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    );
  }
  process.stdout.write(`${out.join("\n")}\n`);
}

function format(value: number): string {
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
