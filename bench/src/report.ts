import type { Machine } from "./machine.ts";

export interface Row {
  readonly work: string;
  /** Who did it: `holdfast`, `calibration`, or a peer. */
  readonly by: string;
  readonly value: number;
  readonly unit: "s" | "files/s" | "MB/s" | "requests/s" | "ms" | "MB" | "KB" | "errors";
  /** What else to know, such as the seconds behind a rate. */
  readonly note?: string;
}

export function printTable(machine: Machine, rows: readonly Row[]): void {
  const out: string[] = [];
  for (const [name, value] of Object.entries(machine)) out.push(`${name.padEnd(12)} ${String(value)}`);
  out.push("");
  const cells = rows.map((row) => [row.work, row.by, formatValue(row), row.unit, row.note ?? ""]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0), 0));
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

function formatValue({ value }: Row): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

/** Runs the work once. @returns seconds */
export async function timed(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}
