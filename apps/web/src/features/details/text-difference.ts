import { diffLines } from "diff";

/** One line of the merged texts, or a number of omitted equal lines. */
export type DifferenceLine =
  | {
      readonly kind: "same" | "added" | "removed";
      readonly text: string;
      readonly left?: number;
      readonly right?: number;
    }
  | { readonly kind: "skipped"; readonly count: number };

/** Number of equal lines around a change. */
const contextLines = 3;

/**
 * @param steps maximum edit length. Without a limit, two large texts with nothing in common take minutes
 * @returns undefined if the texts differ in more than `steps` lines
 */
export function differenceOf(before: string, after: string, steps = 20_000): DifferenceLine[] | undefined {
  const parts = diffLines(before, after, { maxEditLength: steps });
  if (parts === undefined) return undefined;
  const lines: DifferenceLine[] = [];
  let left = 0;
  let right = 0;
  for (const { added, removed, value } of parts) {
    for (const text of linesOf(value)) {
      if (!added) left += 1;
      if (!removed) right += 1;
      if (added) lines.push({ kind: "added", text, right });
      else if (removed) lines.push({ kind: "removed", text, left });
      else lines.push({ kind: "same", text, left, right });
    }
  }
  return withoutFarLines(lines);
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function withoutFarLines(lines: readonly DifferenceLine[]): DifferenceLine[] {
  const isNear = new Uint8Array(lines.length);
  for (const [at, line] of lines.entries()) {
    if (line.kind !== "same") isNear.fill(1, Math.max(0, at - contextLines), at + contextLines + 1);
  }
  const shown: DifferenceLine[] = [];
  let count = 0;
  for (const [at, line] of lines.entries()) {
    if (isNear[at] === 1) {
      if (count > 0) shown.push({ kind: "skipped", count });
      count = 0;
      shown.push(line);
    } else {
      count += 1;
    }
  }
  if (count > 0) shown.push({ kind: "skipped", count });
  return shown;
}
