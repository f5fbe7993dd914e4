import type { Writable } from "node:stream";
import { printable } from "@holdfast/core/printable";

/**
 * All text that a person may see goes through here, and nothing else writes any: what would steer a terminal is shown as an
 * escape, wherever it came from. A name or a message never becomes a line of its own.
 * @returns whether the stream takes more at once
 */
export function showLines(stream: Writable, lines: readonly string[]): boolean {
  return lines.length === 0 || stream.write(lines.map((line) => `${printable(line)}\n`).join(""));
}

/** The line that the cursor stands in becomes this one, until something else is shown. */
export function showBar(stream: Writable, line: string): void {
  stream.write(`\r${printable(line)}\u001b[K`);
}

export function clearBar(stream: Writable): void {
  stream.write("\r\u001b[K");
}

/** What follows stands at the top. */
export function clearScreen(stream: Writable): void {
  stream.write("\u001b[H\u001b[2J");
}

/** What is typed follows it. */
export function showPrompt(stream: Writable, question: string): void {
  stream.write(printable(question));
}

/** Of help and the like, whose lines are ours. */
export function showText(stream: Writable, text: string): boolean {
  return stream.write(text.split("\n").map(printable).join("\n"));
}

/** Of a file's content, line by line: exactly for a program, and for a person without what would steer the terminal. */
export function showContent(stream: Writable & { readonly isTTY?: boolean }, lines: readonly string[]): boolean {
  if (stream.isTTY !== true) return lines.length === 0 || stream.write(lines.map((line) => `${line}\n`).join(""));
  return showLines(
    stream,
    lines.map((line) => line.replaceAll("\t", "        ")),
  );
}

/**
 * One document, or a part of one. JSON leaves some of what steers a terminal as it is; escaped it means the same. Half a surrogate pair
 * is no text for other programs: in place of the byte of a local name for which it stands they get what a person sees.
 */
export function showJson(stream: Writable, json: string): boolean {
  const text = json.includes("\\ud") ? json.replaceAll(escapes, withoutSurrogate) : json;
  return stream.write(
    text.replaceAll(steering, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

/** Escapes in JSON. `JSON.stringify` escapes no surrogates but lone ones. */
const escapes = /\\(?:u[\da-f]{4}|[^u])/g;

function withoutSurrogate(escape: string): string {
  if (!escape.startsWith("\\ud")) return escape;
  return JSON.stringify(printable(String.fromCharCode(Number.parseInt(escape.slice(2), 16)))).slice(1, -1);
}

// What `printable` escapes, without line ends, which only stand between documents, and what JSON escapes itself.
const steering = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
