/** First message to the frame. It contains no credentials and no address, only the content to show. */
export interface FrameContent {
  readonly kind: FrameKind;
  /** Accessible name; also determines the language of a text. */
  readonly name: string;
  /** Transferred, not copied. Empty for a zip, which requests ranges. */
  readonly bytes: ArrayBuffer;
  /** Size of the whole file. */
  readonly sizeBytes: number;
  readonly look: FrameLook;
  readonly words: FrameWords;
}

/** picture: an SVG. zip: a list of entries. */
export type FrameKind = "text" | "markdown" | "picture" | "pdf" | "zip";

/** Look of the surrounding page, which the frame cannot read. */
export interface FrameLook {
  /** Default: the browser's preference. */
  readonly theme?: "light" | "dark" | undefined;
  /** BCP 47 tag for the interface, not for the content. */
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
  /** Wraps long lines of texts. */
  readonly wraps: boolean;
}

/** Words in the person's language. */
export interface FrameWords {
  readonly name: string;
  readonly size: string;
  readonly changed: string;
  readonly encrypted: string;
}

/**
 * Later messages: a change of wrapping, an edited text, or requested bytes. `bytes` is undefined if they could not be
 * read.
 */
export type FrameOrder =
  | { readonly wraps: boolean }
  | { readonly text: string }
  | { readonly read: number; readonly bytes: ArrayBuffer | undefined };

/** Facts about the content. */
export interface FrameFacts {
  /** Set for a text that can be shown wrapped or unwrapped. Very long lines are always wrapped. */
  readonly mayWrap?: boolean;
  /** The rest of the content is not shown. */
  readonly isCut?: boolean;
  /** Counts for a zip. */
  readonly filesCount?: number;
  readonly foldersCount?: number;
  /** Uncompressed size, as declared in the zip. */
  readonly contentBytes?: number;
}

/** Messages from the frame. A malicious file may control them, so they may be displayed but never acted on. */
export type FrameAnswer =
  | { readonly state: "shown"; readonly facts: FrameFacts }
  /**
   * reason: `zip_damaged` for invalid or contradictory data, `zip_split` for a part of a multi-part zip, otherwise an
   * error message.
   */
  | { readonly state: "failed"; readonly reason: string }
  /** Escape was pressed. */
  | { readonly state: "left" }
  /** A link with this address was clicked. */
  | { readonly state: "link"; readonly address: string }
  /** Request for bytes of the file, from `start` up to but excluding `end`. */
  | { readonly state: "read"; readonly number: number; readonly start: number; readonly end: number };
