import { outsideAddress } from "../outside-address.ts";
import type { Block, DocumentTable, Inline, Marks, Paragraph, TableCell, TableRow } from "./document-model.ts";
import { type FindStyle, paragraphFacts, type ParagraphFacts, readMarks, toggleOf } from "./document-styles.ts";
import type { CountPoint } from "./numbering.ts";
import { child, valueOf, type XmlElement } from "./read-xml.ts";
import type { Relations } from "./relations.ts";

export interface DocumentSources {
  readonly findStyle: FindStyle;
  readonly countPoint: CountPoint;
  /** Registers a note, and returns its number; undefined within a note. */
  readonly markNote: (kind: "footnote" | "endnote", id: string) => number | undefined;
  /** @returns false if the document has too many pieces */
  readonly takePiece: () => boolean;
  /** @returns the beginning of the text, as far as the document may be long */
  readonly takeText: (text: string) => string;
  /** @param section properties at the end of a section @returns true if the next section begins a page */
  readonly endsPage: (section: XmlElement) => boolean;
}

/** Contain blocks or text like their parent. Deleted and moved text, and unknown elements, are left out. */
const transparent: ReadonlySet<string> = new Set(
  "sdt sdtContent ins moveTo customXml smartTag fldSimple bdo dir Choice AlternateContent".split(" "),
);
/** Formulas become lines of text. */
const formulas: ReadonlySet<string> = new Set(
  "oMath oMathPara num den e f sup sub sSup sSub sSubSup rad deg d nary func fName".split(" "),
);
const drawings: ReadonlySet<string> = new Set("drawing pict object AlternateContent".split(" "));

/** @param element body, cell, header or note */
export function readBlocks(element: XmlElement, relations: Relations, sources: DocumentSources): Block[] {
  return new BlockReader(relations, sources).read(element);
}

interface OpenParagraph {
  readonly inlines: Inline[];
  /** Text boxes, which follow the paragraph. */
  readonly boxes: Block[];
  endsPage: boolean;
}

class BlockReader {
  readonly #relations: Relations;
  readonly #sources: DocumentSources;
  #tableDepth = 0;

  constructor(relations: Relations, sources: DocumentSources) {
    this.#relations = relations;
    this.#sources = sources;
  }

  read(element: XmlElement): Block[] {
    return element.children.flatMap((each) => {
      if (transparent.has(each.name)) return this.read(each);
      const isTable = each.name === "tbl" && this.#tableDepth < tableDepthMax;
      if ((each.name !== "p" && !isTable) || !this.#sources.takePiece()) return [];
      return isTable ? [this.#table(each)] : this.#paragraph(each);
    });
  }

  #paragraph(element: XmlElement): Block[] {
    const properties = child(element, "pPr");
    const style = this.#sources.findStyle(valueOf(properties, "pStyle"));
    const facts: ParagraphFacts = { ...style.paragraph, ...paragraphFacts(properties) };
    const { outline, listId, listDepth = 0, align, isRtl = false, startsPage = false } = facts;
    const open: OpenParagraph = { inlines: [], boxes: [], endsPage: this.#endsPage(properties) };
    this.#inlines(element, style.marks, open);
    const paragraph: Paragraph = {
      kind: "paragraph",
      level: outline === undefined || outline < 0 || outline > 8 ? undefined : Math.min(outline + 1, 6),
      point: listId === undefined ? undefined : this.#sources.countPoint(listId, listDepth),
      align: align === "start" ? undefined : align,
      isRtl,
      startsPage,
      endsPage: open.endsPage,
      inlines: open.inlines,
    };
    return [paragraph, ...open.boxes];
  }

  #endsPage(properties: XmlElement | undefined): boolean {
    const section = child(properties, "sectPr");
    return section !== undefined && this.#sources.endsPage(section);
  }

  #inlines(element: XmlElement, marks: Marks, open: OpenParagraph): void {
    for (const each of element.children) {
      if (each.name === "r") this.#run(each, marks, open);
      else if (each.name === "hyperlink") this.#link(each, marks, open);
      else if (each.name === "bookmarkStart")
        this.#push(open, { kind: "anchor", name: each.attributes.get("name") ?? "" });
      else if (transparent.has(each.name) || formulas.has(each.name)) this.#inlines(each, marks, open);
    }
  }

  #link(element: XmlElement, marks: Marks, open: OpenParagraph): void {
    const inner: OpenParagraph = { ...open, inlines: [] };
    this.#inlines(element, marks, inner);
    if (inner.endsPage) open.endsPage = true;
    const target = this.#relations.get(element.attributes.get("id") ?? "");
    const anchor = element.attributes.get("anchor");
    const outside = target?.isExternal === true ? outsideAddress(target.target) : undefined;
    const address = target === undefined && anchor !== undefined ? `#${anchor}` : outside;
    if (address === undefined) open.inlines.push(...inner.inlines);
    else open.inlines.push({ kind: "link", address, inlines: inner.inlines });
  }

  #run(element: XmlElement, base: Marks, open: OpenParagraph): void {
    const properties = child(element, "rPr");
    const style = this.#sources.findStyle(valueOf(properties, "rStyle"));
    const marks: Marks = { ...base, ...style.marks, ...readMarks(properties) };
    if (marks.isHidden === true) return;
    for (const each of element.children) {
      const text = this.#sources.takeText(textOf(each));
      if (text !== "") this.#push(open, { kind: "text", text, marks });
      else if (each.name === "br" && each.attributes.get("type") === "page") open.endsPage = true;
      else if (each.name === "br" || each.name === "cr") this.#push(open, { kind: "break" });
      else if (each.name === "ruby") this.#inlines(child(each, "rubyBase") ?? each, base, open);
      else if (each.name === "footnoteReference") this.#note("footnote", each, open);
      else if (each.name === "endnoteReference") this.#note("endnote", each, open);
      else if (drawings.has(each.name)) this.#drawing(each, { alt: "", widthPx: undefined }, open);
    }
  }

  #push(open: OpenParagraph, inline: Inline): void {
    if (this.#sources.takePiece()) open.inlines.push(inline);
  }

  #note(kind: "footnote" | "endnote", element: XmlElement, open: OpenParagraph): void {
    const number = this.#sources.markNote(kind, element.attributes.get("id") ?? "");
    if (number !== undefined) this.#push(open, { kind: "note", number });
  }

  /** Pictures and text boxes in a drawing. Its fallback for older programs repeats them. */
  #drawing(element: XmlElement, given: DrawingFacts, open: OpenParagraph): void {
    const facts = { ...given };
    for (const each of element.children) {
      const { name, attributes } = each;
      if (name === "Fallback") continue;
      if (name === "extent") facts.widthPx = pixelsOf(attributes.get("cx"));
      if (name === "docPr") facts.alt = attributes.get("descr") ?? attributes.get("title") ?? "";
      if (name === "blip") this.#picture(attributes.get("embed"), facts, open);
      if (name === "imagedata") this.#picture(attributes.get("id"), facts, open);
      if (name === "txbxContent") open.boxes.push(...this.read(each));
      else this.#drawing(each, facts, open);
    }
  }

  #picture(relationId: string | undefined, { alt, widthPx }: DrawingFacts, open: OpenParagraph): void {
    const target = this.#relations.get(relationId ?? "");
    // A picture outside is never loaded, because the request would reveal the reader.
    const path = target?.isExternal === false ? target.target : undefined;
    this.#push(open, { kind: "picture", path, alt: alt.slice(0, altCharactersMax), widthPx });
  }

  #table(element: XmlElement): DocumentTable {
    this.#tableDepth += 1;
    const rows = this.#rowElements(element).flatMap((row) => {
      const properties = child(row, "trPr");
      // A tracked deletion.
      if (child(properties, "del") !== undefined || !this.#sources.takePiece()) return [];
      return [{ isHeader: toggleOf(properties, "tblHeader") === true, cells: this.#cells(row) }];
    });
    this.#tableDepth -= 1;
    return { kind: "table", isRtl: toggleOf(child(element, "tblPr"), "bidiVisual") === true, rows: mergeCells(rows) };
  }

  #rowElements(element: XmlElement): XmlElement[] {
    return element.children.flatMap((each) => {
      if (each.name === "tr") return [each];
      return transparent.has(each.name) ? this.#rowElements(each) : [];
    });
  }

  #cells(element: XmlElement): ReadCell[] {
    return element.children.flatMap((each) => {
      if (transparent.has(each.name)) return this.#cells(each);
      if (each.name !== "tc" || !this.#sources.takePiece()) return [];
      const properties = child(each, "tcPr");
      const merge = child(properties, "vMerge");
      const columns = Math.trunc(Number(valueOf(properties, "gridSpan") ?? 1));
      return [
        {
          columns: columns >= 1 ? columns : 1,
          isContinued: merge !== undefined && merge.attributes.get("val") !== "restart",
          blocks: this.read(each),
        },
      ];
    });
  }
}

interface DrawingFacts {
  alt: string;
  widthPx: number | undefined;
}

const altCharactersMax = 500;
/** Word allows 63. The layout of many columns takes long. */
const columnsMax = 100;
/** The layout of nested tables takes long, too. */
const tableDepthMax = 8;
/** English Metric Units, in which drawings are measured. */
const unitsPerPixel = 9525;
const pixelsMax = 5000;

function pixelsOf(units: string | undefined): number | undefined {
  const pixels = Math.round(Number(units) / unitsPerPixel);
  return pixels >= 1 && pixels <= pixelsMax ? pixels : undefined;
}

function textOf({ name, text }: XmlElement): string {
  if (name === "t") return text;
  if (name === "tab" || name === "ptab") return "\t";
  return name === "noBreakHyphen" ? "\u2011" : "";
}

interface ReadCell {
  readonly columns: number;
  /** Continues the cell above. */
  readonly isContinued: boolean;
  readonly blocks: readonly Block[];
}

interface ReadRow {
  readonly isHeader: boolean;
  readonly cells: readonly ReadCell[];
}

function mergeCells(rows: readonly ReadRow[]): TableRow[] {
  const above = new Map<number, { rows: number }>();
  return rows.map(({ isHeader, cells }) => {
    const merged: TableCell[] = [];
    let column = 0;
    for (const { columns: wanted, isContinued, blocks } of cells) {
      const columns = Math.min(wanted, columnsMax - column);
      if (columns < 1) break;
      const first = isContinued ? above.get(column) : undefined;
      if (first === undefined) {
        const cell = { columns, rows: 1, blocks };
        above.set(column, cell);
        merged.push(cell);
      } else first.rows += 1;
      column += columns;
    }
    return { isHeader, cells: merged };
  });
}
