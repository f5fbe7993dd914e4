import { createRequire } from "node:module";
export { formatBytes, unlikeBytes } from "@holdfast/core/format-bytes";
import { printable } from "@holdfast/core/printable";
import type * as widths from "string-width";

export function formatNumber(number: number): string {
  return number.toLocaleString("en");
}

/** 1 -> "1 file", 20000 -> "20,000 files". */
export function count(number: number, noun: string): string {
  return `${formatNumber(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** "4 s", "3:05" or "1:02:03" */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** "2026-01-31 12:00:00Z" */
export function formatTime(time: string | null | undefined): string {
  return time === null || time === undefined ? "-" : time.replace("T", " ").replace(/\.\d+/, "");
}

/** Local time: "21:03:05". */
export function formatClock(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** Local time: "2026-01-31 21:03", or to the second. */
export function formatLocalTime(time: string | null | undefined, to: "minute" | "second" = "minute"): string {
  if (time === null || time === undefined) return "-";
  const at = new Date(time);
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${date.join("-")} ${formatClock(at.getTime()).slice(0, to === "minute" ? 5 : undefined)}`;
}

/** Local time with its zone: "2027-03-01 23:59:59 +01:00". */
export function zonedTime(time: string): string {
  const minutes = -new Date(time).getTimezoneOffset();
  const [hour, minute] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const zone = [hour, minute].map((part) => String(part).padStart(2, "0")).join(":");
  return `${formatLocalTime(time, "second")} ${minutes < 0 ? "-" : "+"}${zone}`;
}

/** Shortens a line at its end: "looking for ch…". */
export function shortLine(line: string, columnsMax: number): string {
  return columnsOf(line) <= columnsMax ? line : `${firstOf(charactersOf(line), columnsMax - 1).join("")}…`;
}

/** "/photos/…/a.jpg". The end is more specific, so the start gets a third. */
export function shortPath(path: string, columnsMax: number): string {
  if (columnsOf(path) <= columnsMax) return path;
  const characters = charactersOf(path);
  const begin = firstOf(characters, Math.floor((columnsMax - 1) / 3)).join("");
  const end = firstOf(characters.toReversed(), columnsMax - 1 - columnsOf(begin));
  return `${begin}…${end.toReversed().join("")}`;
}

// A quoted command counts as one word, because people copy it.
const words = /(\s*)('holdfast [^']*'\S*|\S+)/g;

/** Treatment of a word wider than a line: broken into lines, or kept whole. */
type WideWord = "broken" | "whole";

/** A quoted command stays on one line if it fits. */
export function wrapped(text: string, columnsMax: number, wide: WideWord = "whole"): string[] {
  if (columnsOf(text) <= columnsMax) return [text];
  const lines: string[] = [];
  for (const [, spaces = "", word = ""] of text.matchAll(words))
    for (const [number, part] of wordParts(word, columnsMax, wide).entries()) {
      const last = lines.at(-1);
      const joined = `${last ?? ""}${number === 0 ? spaces : " "}${part}`;
      if (last !== undefined && columnsOf(joined) <= columnsMax) lines[lines.length - 1] = joined;
      else lines.push(last === undefined ? joined : part);
    }
  return lines;
}

function wordParts(word: string, columnsMax: number, wide: WideWord): string[] {
  if (columnsOf(word) <= columnsMax || word.includes("://")) return [word];
  if (word.includes(" ")) return word.split(" ");
  return wide === "broken" ? pieces(word, columnsMax) : [word];
}

const textColumnsMin = 20;

/** Wide words stay whole, because they may be a path in a command. */
export function indented(text: string, columns: number, before: string, indent = columnsOf(before)): string[] {
  const room = Math.max(columns - 1 - indent, textColumnsMin);
  return wrapped(text, room).map((line, number) => `${number === 0 ? before : " ".repeat(indent)}${line}`);
}

export function fitted(line: string, columns: number): string[] {
  const before = /^ *(?:! )?/.exec(line)?.[0] ?? "";
  return indented(line.slice(before.length), columns, before, before.length + (before.endsWith("! ") ? 0 : 2));
}

/** Returns the clauses that fit: "in sync since 12:00:01, 2 problems". */
export function firstClauses(line: string, columnsMax: number): string {
  for (let clauses = line; clauses !== ""; clauses = clauses.replace(/(?:^|[,;:] )(?:(?![,;:] ).)*$/s, ""))
    if (columnsOf(clauses) <= columnsMax) return clauses;
  return shortLine(line, columnsMax);
}

function pieces(word: string, columnsMax: number): string[] {
  const all: string[] = [];
  for (let rest = charactersOf(word); rest.length > 0;) {
    const first = firstOf(rest, columnsMax);
    const taken = Math.max(first.length, 1);
    all.push(rest.slice(0, taken).join(""));
    rest = rest.slice(taken);
  }
  return all;
}

let graphemes: Intl.Segmenter | undefined;

/** An accent stays with its letter, and an emoji is one character. */
function charactersOf(text: string): string[] {
  graphemes ??= new Intl.Segmenter("und", { granularity: "grapheme" });
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

function firstOf(characters: readonly string[], columnsMax: number): string[] {
  let columns = 0;
  const end = characters.findIndex((character) => (columns += columnsOf(character)) > columnsMax);
  return characters.slice(0, end === -1 ? undefined : end);
}

/**
 * Columns in `right` are right-aligned.
 * @param widthsMin minimum widths of the first columns
 */
export function formatTable(
  given: readonly (readonly string[])[],
  right: readonly number[] = [],
  widthsMin: readonly number[] = [],
): string[] {
  const rows = given.map((row) => row.map(printable));
  const widths = columnWidths(rows, widthsMin);
  return rows.map((row) =>
    row
      .map((cell, column) =>
        right.includes(column) ? filler(cell, widths[column]) + cell : cell + filler(cell, widths[column]),
      )
      .join("  ")
      .trimEnd(),
  );
}

export function columnWidths(rows: readonly (readonly string[])[], widthsMin: readonly number[] = []): number[] {
  const widths = [...widthsMin];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, columnsOf(cell));
  return widths;
}

// Nearly all names match this, which avoids measuring, and loading the library for it (30 ms).
const plain = /^[ -~]*$/;

/** Width on a terminal: Chinese, Japanese and Korean characters and emoji take two columns, combining marks none. */
export function columnsOf(text: string): number {
  if (plain.test(text)) return text.length;
  const { default: widthOf } = load("string-width") as typeof widths;
  return widthOf(text);
}

const load = createRequire(import.meta.url);

function filler(cell: string, width = 0): string {
  return " ".repeat(width - columnsOf(cell));
}
