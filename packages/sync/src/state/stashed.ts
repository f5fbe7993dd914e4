import type { NodeId } from "@holdfast/core/ids";

/** Bytes that were taken from a path by a replacement or a deletion, and that are looked at again before they may go. */
export interface Stashed {
  /** Relative to the root; the key. */
  readonly path: string;
  /** Of the file that it was a version of. */
  readonly id?: NodeId | undefined;
  readonly parent: NodeId;
  readonly name: string;
  /** What it should hold, what stood there first of all; other bytes are an edit that came too late to be seen. */
  readonly contents: readonly string[];
  /** When it was looked at it stays in the local trash, or goes there; else it goes. */
  readonly keep: boolean;
  /** The file, or a folder above it, was private. */
  readonly isPrivate?: boolean | undefined;
  /** Mount of the share in which the file was. */
  readonly share?: NodeId | undefined;
  readonly sinceMs: number;
  /** So often, one after the other, it could not be looked at. */
  readonly failures?: number;
  /** So often it was looked at while a program had it open for writing, or may have had. */
  readonly looks?: number;
  /** As which file it was read the last time (`fingerprintText`): what is still that holds what it held. */
  readonly readAs?: string;
}
