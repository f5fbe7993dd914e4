/** Text document, as far as it is shown. */
export interface OfficeDocument {
  readonly header: readonly Block[];
  readonly body: readonly Block[];
  readonly footer: readonly Block[];
  readonly notes: readonly Note[];
  /** BCP 47 tag. */
  readonly language: string | undefined;
  /** The end is missing. */
  readonly isCut: boolean;
}

export interface Note {
  /** From 1, in the order of their marks. */
  readonly number: number;
  readonly blocks: readonly Block[];
}

export type Block = Paragraph | DocumentTable;

export interface Paragraph {
  readonly kind: "paragraph";
  /** Level of a heading, 1 to 6. */
  readonly level: number | undefined;
  readonly point: ListPoint | undefined;
  readonly align: Align | undefined;
  readonly isRtl: boolean;
  readonly startsPage: boolean;
  readonly endsPage: boolean;
  readonly inlines: readonly Inline[];
}

export type Align = "center" | "end" | "justify";

export interface ListPoint {
  /** Points of one list have the same. */
  readonly list: string;
  /** From 0. */
  readonly depth: number;
  /** Such as `2.1.`; undefined for a bullet. */
  readonly label: string | undefined;
}

export interface DocumentTable {
  readonly kind: "table";
  readonly isRtl: boolean;
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly isHeader: boolean;
  readonly cells: readonly TableCell[];
}

export interface TableCell {
  readonly columns: number;
  readonly rows: number;
  readonly blocks: readonly Block[];
}

export type Inline =
  | { readonly kind: "text"; readonly text: string; readonly marks: Marks }
  | { readonly kind: "break" }
  | Picture
  | { readonly kind: "anchor"; readonly name: string }
  | { readonly kind: "note"; readonly number: number }
  /** address: outside, or `#` and the name of an anchor. */
  | { readonly kind: "link"; readonly address: string; readonly inlines: readonly Inline[] };

export interface Picture {
  readonly kind: "picture";
  /** In the package; undefined if it is elsewhere. */
  readonly path: string | undefined;
  readonly alt: string;
  readonly widthPx: number | undefined;
}

/** Formatting of text. Absent properties are inherited from the style. */
export interface Marks {
  readonly isBold?: boolean;
  readonly isItalic?: boolean;
  readonly isUnderlined?: boolean;
  readonly isStruck?: boolean;
  readonly isMarked?: boolean;
  readonly isCaps?: boolean;
  readonly isHidden?: boolean;
  readonly position?: "sub" | "sup" | "base";
  /** `#rrggbb`; empty for the color of the page. */
  readonly color?: string;
}
