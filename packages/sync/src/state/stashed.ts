import type { NodeId } from "@holdfast/core/ids";

/** File taken from its path by a replacement or deletion. It is checked again before removal. */
export interface Stashed {
  /** Relative to the root; the key. */
  readonly path: string;
  /** File of which the bytes were a version; undefined: no file with this id remains elsewhere. */
  readonly id?: NodeId | undefined;
  readonly parent: NodeId;
  readonly name: string;
  /** Original content first. Other bytes are an edit that was too late to be seen. */
  readonly contents: readonly string[];
  /** After the check, the file stays in or moves to the local trash; otherwise it is removed. */
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
  /** `fingerprintText` at the last read: the same one means the same content. */
  readonly readAs?: string;
}
