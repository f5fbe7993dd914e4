import { limits } from "@holdfast/core/limits";

export interface RuleLines {
  /** A line that is too long is empty. */
  readonly lines: readonly string[];
  /** First line beyond the limits, counted from 1, and the exceeded limit. */
  readonly leftOut: { readonly line: number; readonly why: string } | undefined;
}

/** @param text first bytes of the file; one more than the limit if there are more */
export function ruleLines(text: string): RuleLines {
  const lines = (text.endsWith("\r") ? text.slice(0, -1) : text).split(/\r?\n/);
  // The last line is incomplete: the rest of `*.tmp` may be `*`.
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

export function isPattern(line: string): boolean {
  return line.trim() !== "" && !line.startsWith("#");
}
