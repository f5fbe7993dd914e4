import type { NodeId } from "@holdfast/core/ids";

/** Bytes taken from a path by a replacement or deletion. They are checked again before they are removed. */
export interface Stashed {
  /** Relative to the root; the key. */
  readonly path: string;
  /** File of which it was a version. */
  readonly id?: NodeId | undefined;
  readonly parent: NodeId;
  readonly name: string;
  /** Expected contents, the original one first. Other bytes are an edit that was too late to be seen. */
  readonly contents: readonly string[];
  /** After the check it stays in or moves to the local trash; otherwise it is removed. */
  readonly keep: boolean;
  /** The file, or a folder above it, was private. */
  readonly isPrivate?: boolean | undefined;
  /** Mount of the file's share. */
  readonly share?: NodeId | undefined;
  readonly sinceMs: number;
  /** Consecutive failed checks. */
  readonly failures?: number;
  /** Checks during which a program had, or may have had, the file open for writing. */
  readonly looks?: number;
  /** Fingerprint at the last read (`fingerprintText`). The same fingerprint means the same content. */
  readonly readAs?: string;
}
