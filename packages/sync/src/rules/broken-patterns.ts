import { limits } from "@holdfast/core/limits";
import { printable } from "@holdfast/core/printable";
import { isPattern, isTooLong, ruleLines } from "./rule-lines.ts";

/** The line is invalid or beyond a limit, and hides nothing. */
export interface BrokenPattern {
  /** Counted from 1. */
  readonly line: number;
  readonly pattern: string;
  /** Worded as the end of a sentence. */
  readonly why: string;
  /** This and all further lines exceed a limit; the pattern may be valid. */
  readonly isBeyondLimit?: true;
}

/** With more broken lines, the file is not an ignore file. */
const brokenMax = 50;
const shownMax = 80;

/** The matcher ignores these silently, as git does. Includes the first omitted line. */
export function brokenPatterns(text: string): BrokenPattern[] {
  const broken: BrokenPattern[] = [];
  const { lines, leftOut } = ruleLines(text);
  const written = text.split(/\r?\n/);
  for (const [index, pattern] of written.slice(0, lines.length).entries()) {
    if (!isPattern(pattern)) continue;
    const why = whyBroken(pattern);
    if (why !== undefined) broken.push({ line: index + 1, pattern, why });
    if (broken.length === brokenMax) break;
  }
  return leftOut === undefined
    ? broken
    : [...broken, { ...leftOut, pattern: written[leftOut.line - 1] ?? "", isBeyondLimit: true }];
}

export function brokenWords({ line, pattern, why, isBeyondLimit }: BrokenPattern): string {
  if (isBeyondLimit === true) return `Line ${line} and all lines after it are ignored: ${why}.`;
  const shown = pattern.length > shownMax ? `${pattern.slice(0, shownMax)}…` : pattern;
  return `Line ${line} (${printable(shown)}) is not a valid pattern and is ignored: ${why}. The other lines apply.`;
}

function whyBroken(pattern: string): string | undefined {
  if (isTooLong(pattern)) return `it has more than ${limits.ignoreLineCharactersMax} characters`;
  const body = pattern.startsWith("!") ? pattern.slice(1) : pattern;
  if (/^[/ ]*$/.test(body)) return "it names nothing";
  for (let at = 0; at < body.length; at += 1) {
    if (body[at] === "\\") {
      at += 1;
      if (at === body.length) return "nothing follows its last \\; write \\\\ for the character itself";
    } else if (body[at] === "[") {
      const { end, why } = readBracket(body, at);
      if (why !== undefined) return why;
      at = end;
    }
  }
  return undefined;
}

const classNameMax = 40;
const className = /^\[:[^\]]*:\]/;
const classes = /^\[:(alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit):\]/;

/**
 * @param start position of `[`
 * @returns position of `]`, or the error
 */
function readBracket(body: string, start: number): { readonly end: number; readonly why?: string } {
  let at = start + 1;
  if (body[at] === "!" || body[at] === "^") at += 1;
  let before: string | undefined;
  for (let isFirst = true; at < body.length; isFirst = false) {
    if (body[at] === "]" && !isFirst) return { end: at };
    const [named] = className.exec(body.slice(at, at + classNameMax)) ?? [];
    if (named !== undefined) {
      if (!classes.test(named)) return { end: at, why: `${named} is not a character class` };
      [at, before] = [at + named.length, undefined];
      continue;
    }
    const isRange = body[at] === "-" && before !== undefined && at + 1 < body.length && body[at + 1] !== "]";
    if (isRange) at += 1;
    if (body[at] === "\\") at += 1;
    const member = body[at];
    if (member === undefined) break;
    if (isRange && before !== undefined && before > member)
      return { end: at, why: `its range ${before}-${member} goes backwards` };
    before = isRange ? undefined : member;
    at += 1;
  }
  return { end: at, why: "its [ is never closed; write \\[ for the character itself" };
}
