import type { NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { LocalOperation } from "../planner/plan-types.ts";
import { joinPath, pathOfNode } from "../paths.ts";
import type { Trees } from "../trees.ts";

export interface RecentChange {
  /** Unix milliseconds of this device. */
  readonly atMs: number;
  readonly path: string;
  /** To the server, or from it to this disk. */
  readonly direction: "up" | "down";
  readonly what: "created" | "changed" | "moved" | "deleted" | "copied aside";
}

const recentMax = 50;

/** What was done since the engine began: counts, and the last changes, newest first. */
export class Progress {
  filesUp = 0;
  filesDown = 0;
  bytesUp = 0;
  bytesDown = 0;
  /** Nodes that still differ, as far as the last plan knows. */
  pending = 0;
  recent: readonly RecentChange[] = [];
  readonly #nowMs: () => number;
  readonly #changed: () => void;

  constructor(nowMs: () => number, changed: () => void) {
    this.#nowMs = nowMs;
    this.#changed = changed;
  }

  expect(pending: number): void {
    this.pending = pending;
    this.#changed();
  }

  noteBytes(direction: RecentChange["direction"], blocks: readonly { readonly bytes: Uint8Array }[]): void {
    const sizeBytes = blocks.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (direction === "up") this.bytesUp += sizeBytes;
    else this.bytesDown += sizeBytes;
    this.#changed();
  }

  /** @param path as it was before */
  noteDone(trees: Trees, operation: LocalOperation, path: string): void {
    this.pending = Math.max(0, this.pending - 1);
    const isFile = "remote" in operation && operation.remote.kind === "file";
    if (isFile && (operation.op === "create" || operation.op === "replace")) this.filesDown += 1;
    if (operation.op === "park" || operation.op === "set") return this.#changed();
    const whats = { create: "created", replace: "changed", move: "moved", delete: "deleted" } as const;
    const what = operation.op === "copy_aside" ? "copied aside" : whats[operation.op];
    const now = operation.op === "delete" ? path : (pathOfNode(trees, operation.id) ?? path);
    this.#note({ path: now, direction: "down", what });
  }

  /** What the server took, before the trees know it. */
  noteCommitted(trees: Trees, operation: BatchOperationInput): void {
    this.pending = Math.max(0, this.pending - 1);
    const id = ("file_id" in operation ? operation.file_id : operation.id) as NodeId | undefined;
    const path = id === undefined ? undefined : pathOfNode(trees, id);
    if (operation.op === "put") this.filesUp += 1;
    const isNew = id !== undefined && !trees.remote.has(id);
    const whats: Record<string, RecentChange["what"]> = { move: "moved", delete: "deleted" };
    const what = whats[operation.op] ?? (isNew ? "created" : "changed");
    const named = "name" in operation ? operation.name : undefined;
    this.#note({ path: path ?? named ?? "", direction: "up", what });
  }

  #note(change: Omit<RecentChange, "atMs">): void {
    this.recent = [{ ...change, atMs: this.#nowMs() }, ...this.recent].slice(0, recentMax);
    this.#changed();
  }
}

/** Where an operation of the disk stands or will stand. */
export function pathOfOperation(trees: Trees, operation: LocalOperation): string {
  if (operation.op !== "create") return pathOfNode(trees, operation.id) ?? operation.local.name;
  const { parent, name } = operation.place;
  return joinPath(parent === trees.rootId ? "" : (pathOfNode(trees, parent) ?? ""), name);
}
