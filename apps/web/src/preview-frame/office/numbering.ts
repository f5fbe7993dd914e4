import type { ListPoint } from "./document-model.ts";
import { childrenOf, valueOf, type XmlElement } from "./read-xml.ts";

/** Counts the points of all lists in the order of the document. @returns undefined for an unknown list */
export type CountPoint = (listId: string, depth: number) => ListPoint | undefined;

interface Level {
  readonly format: string;
  /** Such as `%1.%2.`, in which `%1` is the number of the first level. */
  readonly label: string;
  readonly start: number;
}

interface List {
  /** Lists with the same key continue each other's numbers. */
  readonly key: string;
  readonly levels: readonly Level[];
}

const depthMax = 8;
const labelCharactersMax = 50;

export function readNumbering(root: XmlElement | undefined): CountPoint {
  const patterns = new Map(
    childrenOf(root, "abstractNum").map((pattern) => [
      pattern.attributes.get("abstractNumId") ?? "",
      levelsOf(childrenOf(pattern, "lvl")),
    ]),
  );
  const lists = new Map(
    childrenOf(root, "num").map((list) => [list.attributes.get("numId") ?? "", listOf(list, patterns)]),
  );
  const counters = new Map<string, number[]>();
  return (listId, wantedDepth) => {
    const list = lists.get(listId);
    const depth = Math.min(Math.max(0, wantedDepth), depthMax);
    const level = list?.levels[depth];
    if (list === undefined || level === undefined) return undefined;
    const counts = counters.get(list.key) ?? [];
    counters.set(list.key, counts);
    counts[depth] = (counts[depth] ?? level.start - 1) + 1;
    counts.length = depth + 1;
    const label = level.format === "bullet" ? undefined : labelOf(list, level, counts);
    return { list: list.key, depth, label };
  };
}

function levelsOf(elements: readonly XmlElement[]): Level[] {
  const levels: Level[] = [];
  for (const element of elements) {
    const depth = Number(element.attributes.get("ilvl") ?? 0);
    if (!(depth >= 0 && depth <= depthMax)) continue;
    levels[depth] = {
      format: valueOf(element, "numFmt") ?? "decimal",
      label: (valueOf(element, "lvlText") ?? "").slice(0, labelCharactersMax),
      start: startOf(valueOf(element, "start")),
    };
  }
  return levels;
}

/** A list with its own start does not continue others. */
function listOf(list: XmlElement, patterns: ReadonlyMap<string, readonly Level[]>): List {
  const patternId = valueOf(list, "abstractNumId") ?? "";
  const overrides = childrenOf(list, "lvlOverride");
  const levels = patterns.get(patternId)?.slice() ?? [];
  for (const override of overrides) {
    const depth = Number(override.attributes.get("ilvl"));
    const start = valueOf(override, "startOverride");
    const level = levelsOf(childrenOf(override, "lvl"))[depth] ?? levels[depth];
    if (level !== undefined && depth >= 0 && depth <= depthMax)
      levels[depth] = start === undefined ? level : { ...level, start: startOf(start) };
  }
  const key = overrides.length === 0 ? `pattern ${patternId}` : `list ${list.attributes.get("numId") ?? ""}`;
  return { key, levels };
}

function startOf(value: string | undefined): number {
  const start = Number(value ?? 1);
  return Number.isSafeInteger(start) && start >= 0 ? start : 1;
}

function labelOf({ levels }: List, { label }: Level, counts: readonly number[]): string {
  return label.replaceAll(/%([1-9])/g, (_, digit: string) => {
    const at = Number(digit) - 1;
    const level = levels[at];
    return level === undefined ? "" : countWords(counts[at] ?? level.start, level.format);
  });
}

function countWords(count: number, format: string): string {
  if (format === "none") return "";
  if (format === "lowerLetter") return lettersOf(count);
  if (format === "upperLetter") return lettersOf(count).toUpperCase();
  if (format === "lowerRoman") return romanOf(count).toLowerCase();
  if (format === "upperRoman") return romanOf(count);
  return format === "decimalZero" && count < 10 ? `0${count}` : String(count);
}

/** a to z, aa to zz, and so on. */
function lettersOf(count: number): string {
  const times = Math.ceil(count / 26);
  if (count < 1 || times > 4) return String(count);
  return String.fromCharCode(97 + ((count - 1) % 26)).repeat(times);
}

const romans = [
  [1000, "M"],
  [900, "CM"],
  [500, "D"],
  [400, "CD"],
  [100, "C"],
  [90, "XC"],
  [50, "L"],
  [40, "XL"],
  [10, "X"],
  [9, "IX"],
  [5, "V"],
  [4, "IV"],
  [1, "I"],
] as const;

function romanOf(count: number): string {
  if (count < 1 || count > 3999) return String(count);
  let left = count;
  let roman = "";
  for (const [value, letters] of romans) {
    while (left >= value) {
      roman += letters;
      left -= value;
    }
  }
  return roman;
}
