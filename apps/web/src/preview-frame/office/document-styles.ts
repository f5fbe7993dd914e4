import type { Align, Marks } from "./document-model.ts";
import { child, childrenOf, isTrue, valueOf, type XmlElement } from "./read-xml.ts";

/** Properties of a paragraph or its style. Absent properties are inherited. */
export interface ParagraphFacts {
  /** From 0; 9 is body text. */
  readonly outline?: number;
  readonly listId?: string;
  readonly listDepth?: number;
  readonly align?: Align | "start";
  readonly isRtl?: boolean;
  readonly startsPage?: boolean;
}

interface StyleFacts {
  readonly paragraph: ParagraphFacts;
  readonly marks: Marks;
}

/** @returns facts of a style with its ancestors; none for an unknown one */
export type FindStyle = (id: string | undefined) => StyleFacts;

const noFacts: StyleFacts = { paragraph: {}, marks: {} };
/** Styles may inherit in a circle. */
const ancestorsMax = 20;

export function readStyles(root: XmlElement | undefined): FindStyle {
  const styles = new Map(childrenOf(root, "style").map((style) => [style.attributes.get("styleId") ?? "", style]));
  const known = new Map<string, StyleFacts>();
  const find = (id: string | undefined, left: number): StyleFacts => {
    const style = id === undefined || left === 0 ? undefined : styles.get(id);
    if (id === undefined || style === undefined) return noFacts;
    const found = known.get(id);
    if (found !== undefined) return found;
    const parent = find(valueOf(style, "basedOn"), left - 1);
    const own = paragraphFacts(child(style, "pPr"));
    const facts = {
      paragraph: { ...parent.paragraph, ...outlineOfName(style), ...own },
      marks: { ...parent.marks, ...readMarks(child(style, "rPr")) },
    };
    known.set(id, facts);
    return facts;
  };
  return (id) => find(id, ancestorsMax);
}

/** @returns BCP 47 tag of the text without its own */
export function defaultLanguage(root: XmlElement | undefined): string | undefined {
  const properties = child(child(child(root, "docDefaults"), "rPrDefault"), "rPr");
  const tag = valueOf(properties, "lang");
  return tag !== undefined && /^[a-z]{2,3}(?:-[a-z\d]{2,8}){0,3}$/i.test(tag) ? tag : undefined;
}

/** Headings of other programs have no outline level. Word translates the names only on the screen. */
function outlineOfName(style: XmlElement): ParagraphFacts {
  const name = valueOf(style, "name") ?? "";
  if (/^title$/i.test(name)) return { outline: 0 };
  const level = /^heading ([1-9])$/i.exec(name)?.[1];
  return level === undefined ? {} : { outline: Number(level) - 1 };
}

const aligns: ReadonlyMap<string, Align | "start"> = new Map([
  ["left", "start"],
  ["start", "start"],
  ["center", "center"],
  ["right", "end"],
  ["end", "end"],
  ["both", "justify"],
  ["distribute", "justify"],
]);

/** @param properties `pPr` */
export function paragraphFacts(properties: XmlElement | undefined): ParagraphFacts {
  if (properties === undefined) return {};
  const outline = numberOf(valueOf(properties, "outlineLvl"));
  const align = aligns.get(valueOf(properties, "jc") ?? "");
  const list = child(properties, "numPr");
  const listId = valueOf(list, "numId");
  const listDepth = numberOf(valueOf(list, "ilvl"));
  const isRtl = toggleOf(properties, "bidi");
  const startsPage = toggleOf(properties, "pageBreakBefore");
  return {
    ...(outline === undefined ? {} : { outline }),
    ...(align === undefined ? {} : { align }),
    ...(listId === undefined ? {} : { listId }),
    ...(listDepth === undefined ? {} : { listDepth }),
    ...(isRtl === undefined ? {} : { isRtl }),
    ...(startsPage === undefined ? {} : { startsPage }),
  };
}

/** @returns undefined if absent; a property without a value is on */
export function toggleOf(properties: XmlElement | undefined, name: string): boolean | undefined {
  const property = child(properties, name);
  return property && isTrue(property.attributes.get("val") ?? "1");
}

const toggles = [
  ["b", "isBold"],
  ["i", "isItalic"],
  ["strike", "isStruck"],
  ["dstrike", "isStruck"],
  ["caps", "isCaps"],
  ["vanish", "isHidden"],
] as const satisfies readonly (readonly [string, keyof Marks])[];

const positions: ReadonlyMap<string, NonNullable<Marks["position"]>> = new Map([
  ["subscript", "sub"],
  ["superscript", "sup"],
  ["baseline", "base"],
]);

/** @param properties `rPr` */
export function readMarks(properties: XmlElement | undefined): Marks {
  const marks: { -readonly [Key in keyof Marks]: Marks[Key] } = {};
  if (properties === undefined || properties.children.length === 0) return marks;
  for (const [name, key] of toggles) {
    const value = toggleOf(properties, name);
    if (value !== undefined) marks[key] = value;
  }
  const underline = valueOf(properties, "u");
  if (underline !== undefined) marks.isUnderlined = underline !== "none";
  const highlight = valueOf(properties, "highlight");
  if (highlight !== undefined) marks.isMarked = highlight !== "none";
  const position = positions.get(valueOf(properties, "vertAlign") ?? "") ?? raisedPosition(properties);
  if (position !== undefined) marks.position = position;
  const color = valueOf(properties, "color");
  if (color !== undefined) marks.color = isSeen(color) ? `#${color}` : "";
  return marks;
}

/** White text is written on a fill, which is not shown. */
function isSeen(color: string): boolean {
  const [, ...parts] = /^([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(color) ?? [];
  const [red = 1, green = 1, blue = 1] = parts.map((part) => (Number.parseInt(part, 16) / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < luminanceMax;
}

/** Relative luminance of a color with a contrast of 1.6 to 1 on white. */
const luminanceMax = 0.6;

/** LibreOffice raises and lowers text by half points. */
function raisedPosition(properties: XmlElement): Marks["position"] {
  const raisedBy = numberOf(valueOf(properties, "position")) ?? 0;
  if (raisedBy === 0) return undefined;
  return raisedBy > 0 ? "sup" : "sub";
}

function numberOf(value: string | undefined): number | undefined {
  const number = Number(value);
  return value === undefined || !Number.isSafeInteger(number) ? undefined : number;
}
