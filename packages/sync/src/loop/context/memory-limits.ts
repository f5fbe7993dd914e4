/** Limits of memory use for very many new items. */
export interface MemoryLimits {
  /** Unknown or changed entries of one scan. The last folder may exceed it. */
  readonly entriesMax: number;
  /** Fresh nodes of one plan. The last folder may exceed it. */
  readonly freshMax: number;
}

/** About 40 MB for a scan and 100 MB for a plan. A batch of operations takes a sixteenth of that. */
export const defaultMemoryLimits: MemoryLimits = { entriesMax: 16_384, freshMax: 16_384 };
