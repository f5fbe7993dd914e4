import type { Writable } from "node:stream";
import { printable } from "@holdfast/core/printable";

/**
 * All text for people goes through this module. It escapes control sequences, and a name or message never starts a new
 * line.
 * @returns false if the caller must wait for `drain`
 */
export function showLines(stream: Writable, lines: readonly string[]): boolean {
  return lines.length === 0 || stream.write(lines.map((line) => `${printable(line)}\n`).join(""));
}

export function showBar(stream: Writable, line: string): void {
  stream.write(`\r${printable(line)}\u001b[K`);
}

export function clearBar(stream: Writable): void {
  stream.write("\r\u001b[K");
}

export function clearScreen(stream: Writable): void {
  stream.write("\u001b[H\u001b[2J");
}

export function showPrompt(stream: Writable, question: string): void {
  stream.write(printable(question));
}

/** Text of the program itself, such as help, may contain line ends. */
export function showText(stream: Writable, text: string): boolean {
  return stream.write(text.split("\n").map(printable).join("\n"));
}

/** File content is unchanged for a program, and has no control sequences for a person. */
export function showContent(stream: Writable & { readonly isTTY?: boolean }, lines: readonly string[]): boolean {
  if (stream.isTTY !== true) return lines.length === 0 || stream.write(lines.map((line) => `${line}\n`).join(""));
  return showLines(
    stream,
    lines.map((line) => line.replaceAll("\t", "        ")),
  );
}

/**
 * Writes a JSON document or a part of one. JSON permits some control characters unescaped, and escaping keeps the
 * meaning. A lone surrogate stands for a byte of a local name and is not valid text for other programs, so they get its
 * printable form.
 */
export function showJson(stream: Writable, json: string): boolean {
  const text = json.includes("\\ud") ? json.replaceAll(escapes, withoutSurrogate) : json;
  return stream.write(
    text.replaceAll(steering, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

/** Escapes in JSON. `JSON.stringify` escapes only lone surrogates. */
const escapes = /\\(?:u[\da-f]{4}|[^u])/g;

function withoutSurrogate(escape: string): string {
  if (!escape.startsWith("\\ud")) return escape;
  return JSON.stringify(printable(String.fromCharCode(Number.parseInt(escape.slice(2), 16)))).slice(1, -1);
}

// Characters that `printable` escapes, except line ends, which separate documents, and those that JSON escapes itself.
const steering = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
