import { aligned, format } from "../report.ts";
import type { Line } from "./ratios.ts";

const titles = ["work", "figure", "old", "new", "", "ratio", "spread", "pairs", ""];

/** Returns the lines of the table. The name of a work is in its first line only. */
export function pairTable(lines: readonly Line[]): string[] {
  const cells = lines.map((line, index) => [
    lines[index - 1]?.work === line.work ? "" : line.work,
    line.figure,
    format(line.old),
    format(line.new),
    line.unit,
    line.ratio.median.toFixed(2),
    `${line.ratio.least.toFixed(2)} to ${line.ratio.most.toFixed(2)}`,
    String(line.pairs),
    line.verdict,
  ]);
  return aligned([titles, ...cells], [2, 3, 5, 7]);
}
