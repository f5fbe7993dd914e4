import type { Range, UnitClass } from "./segment-glob.ts";

/** ASCII members only, as in git. */
const namedClasses: Readonly<Record<string, readonly Range[]>> = {
  alnum: [
    ["0", "9"],
    ["A", "Z"],
    ["a", "z"],
  ],
  alpha: [
    ["A", "Z"],
    ["a", "z"],
  ],
  blank: [
    [" ", " "],
    ["\t", "\t"],
  ],
  cntrl: [
    ["\0", "\u001f"],
    ["\u007f", "\u007f"],
  ],
  digit: [["0", "9"]],
  graph: [["!", "~"]],
  lower: [["a", "z"]],
  print: [[" ", "~"]],
  punct: [
    ["!", "/"],
    [":", "@"],
    ["[", "`"],
    ["{", "~"],
  ],
  space: [
    [" ", " "],
    ["\t", "\n"],
    ["\r", "\r"],
  ],
  upper: [["A", "Z"]],
  xdigit: [
    ["0", "9"],
    ["A", "F"],
    ["a", "f"],
  ],
};

/**
 * Follows git's `wildmatch.c`: a `]` right after `[` is a member, and a reversed range counts as its first member.
 * @param start position of `[`
 * @returns position of `]`; undefined if it is missing or a class is unknown: the whole pattern then matches nothing
 */
export function readClass(body: string, start: number): { end: number; unitClass: UnitClass } | undefined {
  const isNegated = body[start + 1] === "!" || body[start + 1] === "^";
  const ranges: Range[] = [];
  /** Last member, which may start a range. */
  let before = "";
  for (let at = start + (isNegated ? 2 : 1), isFirst = true; at < body.length; at += 1, isFirst = false) {
    const char = body.charAt(at);
    if (char === "]" && !isFirst) return { end: at, unitClass: { isNegated, ranges: merged(ranges) } };
    const isRange = char === "-" && before !== "" && at + 1 < body.length && body[at + 1] !== "]";
    if (isRange) {
      at += body[at + 1] === "\\" ? 2 : 1;
      if (before <= body.charAt(at)) ranges.push([before, body.charAt(at)]);
      before = "";
      continue;
    }
    const named = char === "[" && body[at + 1] === ":" ? nameOf(body, at + 2) : undefined;
    if (named !== undefined) {
      if (named.name === undefined || !Object.hasOwn(namedClasses, named.name)) return undefined;
      ranges.push(...(namedClasses[named.name] ?? []));
      before = "";
      at = named.end;
      continue;
    }
    if (char === "\\") at += 1;
    before = body.charAt(at);
    ranges.push([before, before]);
  }
  return undefined;
}

/** @returns undefined for a `[` that is an ordinary member; no name if no `]` follows */
function nameOf(body: string, start: number): { readonly name?: string; readonly end: number } | undefined {
  const end = body.indexOf("]", start);
  if (end === -1) return { end: body.length };
  return end > start && body[end - 1] === ":" ? { name: body.slice(start, end - 1), end } : undefined;
}

/** Sorts and merges ranges, so that a search need not test all. */
function merged(ranges: readonly Range[]): Range[] {
  const apart: [from: string, to: string][] = [];
  for (const [from, to] of ranges.toSorted(([one], [other]) => (one < other ? -1 : Number(one > other)))) {
    const last = apart.at(-1);
    if (last === undefined || last[1] < from) apart.push([from, to]);
    else if (last[1] < to) last[1] = to;
  }
  return apart;
}
