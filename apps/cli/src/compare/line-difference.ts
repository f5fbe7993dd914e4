import { type ChangeObject, diffArrays } from "diff";
import { type Edit, hunksOf } from "./hunks.ts";

/**
 * Limits for different lines of both sides together, and for edits between them. Above these all lines are shown as
 * replaced.
 */
const comparedLinesMax = 200_000;
const editsMax = 2000;

const newline = 0x0a;
const contextLines = 3;

/**
 * Hunks without the two title lines. Common lines at the start and end are skipped as bytes, so the cost depends on the
 * change. A `\r` before the `\n` is part of the line.
 * @returns no lines for equal contents; `replaced` if the contents differ too much to search for common lines
 */
export function lineDifference(from: Buffer, to: Buffer): { readonly lines: string[]; readonly replaced: boolean } {
  const start = commonStart(from, to);
  const end = commonEnd(from, to, start);
  const [removed, added] = [linesIn(from, start, from.length - end), linesIn(to, start, to.length - end)];
  if (removed.length === 0 && added.length === 0) return { lines: [], replaced: false };
  const edits = editsOf(removed, added);
  const before = linesBefore(from, start);
  const after = linesAfter(from, from.length - end);
  const lines = hunksOf(
    [...asEdits(" ", before), ...(edits ?? [...asEdits("-", removed), ...asEdits("+", added)]), ...asEdits(" ", after)],
    countLines(from, start) - before.length + 1,
    contextLines,
  );
  return { lines, replaced: edits === undefined };
}

function editsOf(removed: readonly string[], added: readonly string[]): Edit[] | undefined {
  if (removed.length + added.length > comparedLinesMax) return undefined;
  const changes = diffArrays([...removed], [...added], { maxEditLength: editsMax });
  return changes?.flatMap(editsIn);
}

function editsIn({ value: lines, added, removed }: ChangeObject<string[]>): Edit[] {
  if (added) return asEdits("+", lines);
  return asEdits(removed ? "-" : " ", lines);
}

function asEdits(sign: Edit["sign"], lines: readonly string[]): Edit[] {
  return lines.map((line) => ({ sign, line }));
}

/** Length of the common whole lines at the start, in bytes. */
function commonStart(from: Buffer, to: Buffer): number {
  const length = Math.min(from.length, to.length);
  let at = 0;
  while (at < length && from[at] === to[at]) at += 1;
  if (at === 0 || (at === from.length && at === to.length)) return at;
  return from.lastIndexOf(newline, at - 1) + 1;
}

function commonEnd(from: Buffer, to: Buffer, start: number): number {
  const length = Math.min(from.length, to.length) - start;
  let count = 0;
  while (count < length && from[from.length - 1 - count] === to[to.length - 1 - count]) count += 1;
  // The first equal line must be complete on both sides.
  const isWhole = (side: Buffer) => side.length === count + start || side[side.length - count - 1] === newline;
  if (isWhole(from) && isWhole(to)) return count;
  const first = from.indexOf(newline, from.length - count);
  return first === -1 ? 0 : from.length - first - 1;
}

function linesIn(content: Buffer, start: number, end: number): string[] {
  const lines: string[] = [];
  for (let at = start; at < end;) {
    const next = endOfLine(content, at, end);
    lines.push(content.toString("utf8", at, next));
    at = next;
  }
  return lines;
}

function linesBefore(content: Buffer, end: number): string[] {
  let start = end;
  for (let count = 0; count < contextLines && start > 0; count += 1) {
    start = start < 2 ? 0 : content.lastIndexOf(newline, start - 2) + 1;
  }
  return linesIn(content, start, end);
}

function linesAfter(content: Buffer, start: number): string[] {
  let end = start;
  for (let count = 0; count < contextLines && end < content.length; count += 1) {
    end = endOfLine(content, end, content.length);
  }
  return linesIn(content, start, end);
}

function endOfLine(content: Buffer, at: number, end: number): number {
  const found = content.indexOf(newline, at);
  return found === -1 || found >= end ? end : found + 1;
}

function countLines(content: Buffer, end: number): number {
  let count = 0;
  for (let at = content.indexOf(newline); at !== -1 && at < end; at = content.indexOf(newline, at + 1)) count += 1;
  return count;
}
