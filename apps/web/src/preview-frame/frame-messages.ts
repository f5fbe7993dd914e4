/** What the frame is given, once: nothing that signs in, no address, only what it shall show. */
export interface FrameContent {
  readonly kind: FrameKind;
  /** Read out as what is shown, and tells the language of a text. */
  readonly name: string;
  /** Handed over, not copied. Of a zip none: it asks for what it needs. */
  readonly bytes: ArrayBuffer;
  /** Of the whole file. */
  readonly sizeBytes: number;
  readonly look: FrameLook;
  readonly words: FrameWords;
}

/** picture: a drawing in SVG. zip: what is in it. */
export type FrameKind = "text" | "markdown" | "picture" | "pdf" | "zip";

/** How the page around it looks, which the frame cannot ask. */
export interface FrameLook {
  /** Left out, the browser says. */
  readonly theme?: "light" | "dark" | undefined;
  /** A BCP 47 tag, of the words and numbers that are not the content's. */
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
  /** Of texts: long lines go on in the next one. */
  readonly wraps: boolean;
}

/** In the person's language. */
export interface FrameWords {
  readonly name: string;
  readonly size: string;
  readonly changed: string;
  readonly encrypted: string;
}

/** Told later: how lines are shown; a text that was written meanwhile; what was asked for, or nothing where it cannot be read. */
export type FrameOrder =
  | { readonly wraps: boolean }
  | { readonly text: string }
  | { readonly read: number; readonly bytes: ArrayBuffer | undefined };

/** What there is to know of what is shown. */
export interface FrameFacts {
  /** Of a text: lines may be shown whole, or wrapped. Very long ones are always wrapped. */
  readonly mayWrap?: boolean;
  /** The rest of it is not shown. */
  readonly isCut?: boolean;
  /** Of a zip. */
  readonly filesCount?: number;
  readonly foldersCount?: number;
  /** Unpacked, as it says itself. */
  readonly contentBytes?: number;
}

/** What the frame says. Whoever made the content may say it too: words to show, never something to do. */
export type FrameAnswer =
  | { readonly state: "shown"; readonly facts: FrameFacts }
  /** reason: `zip_damaged` for what is no zip or contradicts itself, `zip_split` for a part of one, else the words of whatever failed. */
  | { readonly state: "failed"; readonly reason: string }
  /** Escape was pressed in it. */
  | { readonly state: "left" }
  /** A link was pressed in it, which leads here. */
  | { readonly state: "link"; readonly address: string }
  /** It wants bytes of the file, from `start` to before `end`. */
  | { readonly state: "read"; readonly number: number; readonly start: number; readonly end: number };
