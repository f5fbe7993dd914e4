import { limits } from "@holdfast/core/limits";

/** The lines of an ignore file that count. */
export interface RuleLines {
  /** In their places; one that is too long is empty. */
  readonly lines: readonly string[];
  /** The first of those behind the limits, counted from 1, and which limit it is. */
  readonly leftOut: { readonly line: number; readonly why: string } | undefined;
}

/** @param text its first bytes, and one more than count where there are more */
export function ruleLines(text: string): RuleLines {
  const lines = (text.endsWith("\r") ? text.slice(0, -1) : text).split(/\r?\n/);
  // The last of them is no whole line: what is left of `*.tmp` may be `*`.
  const isCut = Buffer.byteLength(text) > limits.ignoreBytesMax && lines.pop() !== undefined;
  const isLong = lines.length > limits.ignoreLinesMax;
  if (isLong) lines.length = limits.ignoreLinesMax;
  const why = isLong
    ? `only the first ${limits.ignoreLinesMax.toLocaleString("en")} lines apply`
    : `only the first ${limits.ignoreBytesMax / 1024} KiB apply`;
  return {
    lines: lines.map((line) => (isTooLong(line) ? "" : line)),
    leftOut: isLong || isCut ? { line: lines.length + 1, why } : undefined,
  };
}

export function isTooLong(line: string): boolean {
  return line.length > limits.ignoreLineCharactersMax;
}

/** Neither a comment nor empty. */
export function isPattern(line: string): boolean {
  return line.trim() !== "" && !line.startsWith("#");
}
