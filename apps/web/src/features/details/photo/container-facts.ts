import type { Extent } from "./read-exif.ts";

/** Positions in a file. The end may be infinite. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Facts that the format of an image states outside of EXIF. */
export interface ContainerFacts {
  /** Pixels, before the turn. */
  readonly size: Extent | undefined;
  /** undefined: EXIF decides. */
  readonly isTurned?: boolean;
  /** May be beyond the bytes that were read, or beyond the file. */
  readonly exifAt?: Span | undefined;
  /** EXIF begins with four bytes: the distance from there to the TIFF structure. */
  readonly hasTiffOffset?: boolean;
}
