// @ts-expect-error -- it has no types: `XmlParser` describes what is used
import { Parser } from "saxen";
import { officeFailure } from "./office-failure.ts";
import type { OfficePart, OfficeText } from "./office-package.ts";

/** Values by name, without namespace prefix. */
export type Attributes = ReadonlyMap<string, string>;

/** Names have no namespace prefix. */
interface XmlHandlers {
  readonly open: (name: string, attributes: () => Attributes) => void;
  readonly close: (name: string) => void;
  readonly text: (text: string) => void;
}

type Decode = (text: string) => string;

interface XmlParser {
  on(event: "openTag", listener: (name: string, given: () => unknown, decode: Decode) => void): void;
  on(event: "closeTag", listener: (name: string) => void): void;
  on(event: "text", listener: (text: string, decode: Decode) => void): void;
  on(event: "cdata", listener: (text: string) => void): void;
  on(event: "attention" | "error", listener: () => void): void;
  parse(text: string): void;
}

/** Real documents nest a table in a cell or two. Readers of the tree call themselves for each level. */
const depthMax = 200;

/**
 * Reads XML in linear time. Rejects a document type, which Office files must not have, so that no entities can expand.
 * The end of a cut text is no error.
 * @throws Error office_damaged
 */
export function scanXml({ text, isCut }: OfficeText, handlers: XmlHandlers): void {
  const made: unknown = Parser;
  const parser = new (made as new () => XmlParser)();
  let depth = 0;
  parser.on("openTag", (name, given, decode) => {
    depth += 1;
    if (depth > depthMax) throw officeFailure("damaged");
    handlers.open(localName(name), () => attributesOf(given(), decode));
  });
  parser.on("closeTag", (name) => {
    depth -= 1;
    handlers.close(localName(name));
  });
  parser.on("text", (found, decode) => handlers.text(decode(found)));
  parser.on("cdata", (found) => handlers.text(found));
  parser.on("attention", () => {
    throw officeFailure("damaged");
  });
  parser.on("error", () => {
    if (!isCut) throw officeFailure("damaged");
  });
  parser.parse(text);
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function attributesOf(given: unknown, decode: Decode): Attributes {
  const attributes = new Map<string, string>();
  if (typeof given !== "object" || given === null) return attributes;
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("xmlns")) continue;
    const local = localName(name);
    if (local === name || !attributes.has(local)) attributes.set(local, decode(String(value)));
  }
  return attributes;
}

export interface XmlElement {
  readonly name: string;
  readonly attributes: Attributes;
  readonly children: readonly XmlElement[];
  /** Only of elements `t`, which contain all text that is shown. */
  readonly text: string;
}

interface GrowingElement extends XmlElement {
  readonly children: GrowingElement[];
  text: string;
}

interface XmlTree {
  readonly root: XmlElement;
  readonly isCut: boolean;
}

/** Leaves out the elements beyond the limit of the file. @throws Error office_damaged */
export function parseXml(part: OfficePart): XmlTree {
  const top: GrowingElement = { name: "", attributes: new Map(), children: [], text: "" };
  const path = [top];
  const { elements } = part;
  scanXml(part, {
    open: (name, attributes) => {
      elements.left -= 1;
      const isKept = elements.left >= 0;
      const element: GrowingElement = {
        name,
        attributes: isKept ? attributes() : top.attributes,
        children: [],
        text: "",
      };
      if (isKept) path.at(-1)?.children.push(element);
      path.push(element);
    },
    close: () => void path.pop(),
    text: (text) => {
      const element = path.at(-1);
      if (element?.name === "t") element.text += text;
    },
  });
  const [root] = top.children;
  if (root === undefined) throw officeFailure("damaged");
  return { root, isCut: part.isCut || elements.left < 0 };
}

export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((each) => each.name === name);
}

export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((each) => each.name === name) ?? [];
}

/** Attribute `val` of a child, in which Word stores a property. */
export function valueOf(element: XmlElement | undefined, name: string): string | undefined {
  return child(element, name)?.attributes.get("val");
}

export function isTrue(value: string | undefined): boolean {
  return value === "1" || value === "true" || value === "on";
}
