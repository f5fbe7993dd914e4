/** First message. Contains no credentials and no address. */
export interface FrameContent {
  readonly kind: FrameKind;
  /** Accessible name; determines the language of a text. */
  readonly name: string;
  /** Transferred. Empty for a zip, which requests ranges. */
  readonly bytes: ArrayBuffer;
  readonly sizeBytes: number;
  readonly look: FrameLook;
  readonly words: FrameWords;
}

/** picture: an SVG. document and workbook: files of Word and Excel. */
export type FrameKind = "text" | "markdown" | "table" | "picture" | "pdf" | "document" | "workbook" | "zip";

/** The frame cannot read the page's look. */
export interface FrameLook {
  /** Default: the browser's preference. */
  readonly theme?: "light" | "dark" | undefined;
  /** BCP 47 tag of the interface. */
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
  readonly wraps: boolean;
}

export interface FrameWords {
  readonly name: string;
  readonly size: string;
  readonly changed: string;
  readonly encrypted: string;
  /** A part of the file cannot be shown. */
  readonly broken: string;
  /** A table or sheet has no cells. */
  readonly empty: string;
  /** Name of a link without text. */
  readonly link: string;
}

/** Later messages. `bytes` is undefined if they could not be read. */
export type FrameOrder =
  | { readonly wraps: boolean }
  | { readonly text: string }
  | { readonly pdf: PdfOrder }
  | { readonly read: number; readonly bytes: ArrayBuffer | undefined };

export type PdfOrder =
  | { readonly page: number }
  /** Heights of the frame, upwards if negative. */
  | { readonly scroll: number }
  | { readonly zoom: PdfFit | "in" | "out" }
  /** An empty query ends the search. */
  | { readonly query: string; readonly step: "first" | "next" | "previous" }
  | { readonly password: string };

export type PdfFit = "width" | "page";

export interface PdfView {
  /** From 1. */
  readonly page: number;
  readonly pagesCount: number;
  readonly percent: number;
  /** The zoom follows the size of the frame. */
  readonly fit?: PdfFit;
}

export interface PdfMatches {
  /** From 1; 0 before the first match is found. */
  readonly at: number;
  /** Grows during the search. */
  readonly total: number;
  /** Nothing is found yet. */
  readonly isPending: boolean;
}

export interface FrameFacts {
  /** Wrapping is optional. Very long lines are always wrapped. */
  readonly mayWrap?: boolean;
  /** The content is not shown completely. */
  readonly isCut?: boolean;
  readonly filesCount?: number;
  readonly foldersCount?: number;
  /** Uncompressed, as declared. */
  readonly contentBytes?: number;
  /** Number of rows and columns that are shown, if the table has more. */
  readonly rowsCount?: number;
  readonly columnsCount?: number;
  /** Long cells of a table are shortened. */
  readonly hasCutCells?: boolean;
}

/** A malicious file may control these messages. Display them, but never act on them. */
export type FrameAnswer =
  /** Repeated when another part of the file is shown. */
  | { readonly state: "shown"; readonly facts: FrameFacts }
  /**
   * reason: `zip_damaged` if invalid or contradictory, `zip_split` for a part of a zip, `office_encrypted` for a document
   * with a password, `office_large` if it unpacks to more than is read, otherwise an error message.
   */
  | { readonly state: "failed"; readonly reason: string }
  | { readonly state: "left" }
  | { readonly state: "link"; readonly address: string }
  /** Wanted bytes, from `start` to before `end`. */
  | { readonly state: "read"; readonly number: number; readonly start: number; readonly end: number }
  | PdfAnswer;

export type PdfAnswer =
  | { readonly state: "view"; readonly view: PdfView }
  | { readonly state: "matches"; readonly matches: PdfMatches }
  | { readonly state: "password"; readonly isWrong: boolean }
  /** The keys for a search were pressed. */
  | { readonly state: "find" };
