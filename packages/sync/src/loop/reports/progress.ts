import type { HashHex, NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { LocalOperation, Plan } from "../../plan/plan-types.ts";
import { pathOfNode } from "../../model/tree-paths.ts";
import { joinPath, ownFolder } from "@holdfast/sync-ports/paths";
import { ignorePath } from "../../rules/rules.ts";
import type { NewlyHidden } from "../../rules/newly-hidden.ts";
import type { IndexedTrees, LocalRow, Trees } from "../../model/trees.ts";
import { type Deleted, deletedWith } from "../../model/enclosing-share.ts";

export interface RecentChange {
  /** Unix milliseconds of this device. */
  readonly atMs: number;
  readonly path: string;
  readonly direction: "up" | "down";
  /** `share ended`: removed from this disk because the account lost access. Nobody deleted it on the server. */
  readonly what: "created" | "changed" | "moved" | "deleted" | "copied aside" | "share ended";
  readonly from?: string | undefined;
}

const recentMax = 50;
const namesMax = 3;
const unacceptedMax = 100_000;

/** Extent of the current plan, or of the files found by the scan before a plan exists. */
export interface Planned {
  readonly changes: number;
  readonly bytes: number;
  /** No further changes are expected. */
  readonly isAll: boolean;
  /**
   * - `look`: no plan exists yet.
   * - `plan`: one plan has all changes.
   * - `parts`: several plans follow each other. Their changes are counted together; the bytes are those of the current
   *   plan.
   */
  readonly stage: "look" | "plan" | "parts";
}

export interface ScanCounts {
  /** Files on the server. */
  readonly listed: number;
  readonly seen: number;
  readonly read: number;
}

const nothingDeleted: Deleted = { files: 0, folders: 0 };
const nothingPlanned: Planned = { changes: 0, bytes: 0, isAll: false, stage: "look" };
const nothingLooked: ScanCounts = { listed: 0, seen: 0, read: 0 };

/** Counts since the engine started. Latest changes come first. */
export class Progress {
  filesUp = 0;
  filesDown = 0;
  bytesUp = 0;
  bytesDown = 0;
  /** Part of `bytesUp` in files that the server accepted. */
  bytesAccepted = 0;
  deletedHere = nothingDeleted;
  deletedOnServer = nothingDeleted;
  /** Bytes transferred for blocks of no accepted file yet. */
  readonly #unaccepted = new Map<string, number>();
  /** Nodes that differ, as of the last plan. */
  pending = 0;
  recent: readonly RecentChange[] = [];
  planned: Planned = { changes: 0, bytes: 0, isAll: true, stage: "plan" };
  look = nothingLooked;
  /** Number of the current stretch: a scan and the plans for its results. */
  stretch = 0;
  /** Another plan for the same scan follows. */
  #goesOn = false;
  /** The next plan has the rest of the last one. */
  #isCut = false;
  #changesDone = 0;
  #hasArrivals = false;
  #movedBefore = 0;
  #bytesOfDone = 0;
  /** Paths read or written, newest first. */
  names: readonly string[] = [];
  readonly #nowMs: () => number;
  readonly #changed: () => void;
  readonly #onDone: (change: RecentChange) => void;

  readonly #onHidden: (hidden: NewlyHidden) => void;

  constructor(
    nowMs: () => number,
    changed: () => void,
    onDone: (change: RecentChange) => void = () => undefined,
    onHidden: (hidden: NewlyHidden) => void = () => undefined,
  ) {
    this.#onHidden = onHidden;
    this.#nowMs = nowMs;
    this.#changed = changed;
    this.#onDone = onDone;
  }

  get #isContinued(): boolean {
    return this.#goesOn || this.#isCut;
  }

  /** The cycle's time ended or transfers continue, so the next plan counts together with this one. */
  noteCut(): void {
    this.#isCut = true;
  }

  noteRest(): void {
    this.#goesOn = false;
    this.#isCut = false;
  }

  expect(pending: number, { bytes, isAll }: Pick<Planned, "bytes" | "isAll"> = { bytes: 0, isAll: true }): void {
    this.pending = pending;
    const stage = !isAll || (this.#isContinued && this.planned.stage === "parts") ? "parts" : "plan";
    if (!this.#isContinued) this.#changesDone = 0;
    this.#goesOn = !isAll;
    const bytesBefore = this.#isCut ? this.#bytesOfDone : 0;
    this.#isCut = false;
    this.planned = { changes: pending + this.#changesDone, bytes: bytes + bytesBefore, isAll, stage };
    this.#changed();
  }

  /** Bytes sent while files are read count toward the cycle's plan. */
  begin(): void {
    if (!this.#isContinued) {
      this.planned = nothingPlanned;
      this.stretch += 1;
    }
    this.look = nothingLooked;
    this.names = [];
    if (this.#isCut) return;
    this.#movedBefore = this.bytesUp + this.bytesDown;
    this.#bytesOfDone = 0;
  }

  /** @param hasArrivals the server has files unknown to this device, which may be the same as local ones */
  beginScan(hasArrivals: boolean): void {
    this.#hasArrivals = hasArrivals;
    this.look = { ...this.look, seen: 0, read: 0 };
    if (!this.#isContinued) this.planned = nothingPlanned;
  }

  listed(files: number): void {
    this.look = { ...this.look, listed: this.look.listed + files };
    this.#changed();
  }

  seen(files: number): void {
    this.look = { ...this.look, seen: this.look.seen + files };
    this.#changed();
  }

  /** See `ScanProgress`. Large files are sent while they are read, before there is a plan. */
  found(files: number, bytes: number, isLast: boolean): void {
    if (this.#isContinued) return;
    const isAll = isLast && !this.#hasArrivals;
    const found = { changes: this.planned.changes + files, bytes: this.planned.bytes + bytes };
    this.planned = { ...found, isAll, stage: "look" };
    this.#changed();
  }

  read(): void {
    this.look = { ...this.look, read: this.look.read + 1 };
    this.#changed();
  }

  /** Bytes that needed no transfer count once their file is done. */
  get bytesDone(): number {
    const moved = this.bytesUp + this.bytesDown - this.#movedBefore;
    return Math.min(this.planned.bytes, Math.max(moved, this.#bytesOfDone));
  }

  touch(path: string): void {
    // Every cycle reads the rules, which would hide the real work.
    if (path === ignorePath || path === ownFolder || path.startsWith(`${ownFolder}/`)) return;
    if (this.names[0] !== path) this.names = [path, ...this.names.filter((name) => name !== path)].slice(0, namesMax);
  }

  noteBytesDown(sizeBytes: number): void {
    this.bytesDown += sizeBytes;
    this.#changed();
  }

  noteBytesUp(blocks: readonly { readonly hash: HashHex; readonly bytes: Uint8Array }[]): void {
    for (const { hash, bytes } of blocks) {
      this.bytesUp += bytes.length;
      // Refused and since changed files are never accepted.
      if (this.#unaccepted.size >= unacceptedMax) this.#unaccepted.clear();
      this.#unaccepted.set(hash, (this.#unaccepted.get(hash) ?? 0) + bytes.length);
    }
    this.#changed();
  }

  #noteAccepted({ blocks = [], splices = [] }: BatchOperationInput & { op: "put" }): void {
    for (const { hash } of [...blocks, ...splices.flatMap(({ insert }) => insert)]) {
      this.bytesAccepted += this.#unaccepted.get(hash) ?? 0;
      this.#unaccepted.delete(hash);
    }
  }

  /** @param path former path */
  noteEnded(operation: LocalOperation, path: string): void {
    if (operation.op !== "delete") return;
    this.deletedHere = plus(this.deletedHere, countOf(operation.local));
    this.#note({ path, direction: "down", what: "share ended" });
  }

  /** @param path former path */
  noteDone(trees: Trees, operation: LocalOperation, path: string): void {
    this.#countDone();
    const isFile = "remote" in operation && operation.remote.kind === "file";
    if (isFile && (operation.op === "create" || operation.op === "replace")) {
      this.filesDown += 1;
      this.#bytesOfDone += bytesOfLocal(operation);
    }
    if (operation.op === "delete") this.deletedHere = plus(this.deletedHere, countOf(operation.local));
    if (operation.op === "park" || operation.op === "set") return this.#changed();
    const whats = { create: "created", replace: "changed", move: "moved", delete: "deleted" } as const;
    const what = operation.op === "copy_aside" ? "copied aside" : whats[operation.op];
    const now = operation.op === "delete" ? path : (pathOfNode(trees, operation.id) ?? path);
    const from = what === "moved" && path !== now ? path : undefined;
    this.#note({ path: now, direction: "down", what, from });
  }

  /** Called before the trees contain the accepted change. */
  noteCommitted(trees: IndexedTrees, operation: BatchOperationInput): void {
    this.#countDone();
    const id = ("file_id" in operation ? operation.file_id : operation.id) as NodeId | undefined;
    const path = id === undefined ? undefined : pathOfNode(trees, id);
    if (operation.op === "put") {
      this.filesUp += 1;
      this.#noteAccepted(operation);
      this.#bytesOfDone += bytesOfRemote(trees, operation.op, id);
    }
    if (operation.op === "delete" && id !== undefined)
      this.deletedOnServer = plus(this.deletedOnServer, deletedWith(trees, id));
    const isNew = id !== undefined && !trees.remote.has(id);
    const whats: Record<string, RecentChange["what"]> = { move: "moved", delete: "deleted" };
    const what = whats[operation.op] ?? (isNew ? "created" : "changed");
    const named = "name" in operation ? operation.name : undefined;
    const { rootId, synced, remote } = trees;
    const from =
      what === "moved" && id !== undefined ? pathOfNode({ rootId, local: new Map(), synced, remote }, id) : undefined;
    this.#note({ path: path ?? named ?? "", direction: "up", what, from: from === path ? undefined : from });
  }

  #countDone(): void {
    if (this.pending === 0) return;
    this.pending -= 1;
    this.#changesDone += 1;
  }

  noteHidden(hidden: NewlyHidden): void {
    this.#onHidden(hidden);
    this.#changed();
  }

  #note(change: Omit<RecentChange, "atMs">): void {
    const timed = { ...change, atMs: this.#nowMs() };
    this.recent = [timed, ...this.recent].slice(0, recentMax);
    this.#onDone(timed);
    this.#changed();
  }
}

function plus(one: Deleted, other: Deleted): Deleted {
  return { files: one.files + other.files, folders: one.folders + other.folders };
}

function countOf({ kind }: LocalRow): Deleted {
  return kind === "folder" ? { files: 0, folders: 1 } : { files: 1, folders: 0 };
}

export function bytesOfPlan(trees: Pick<Trees, "local">, { local, remote }: Pick<Plan, "local" | "remote">): number {
  const down = local.reduce((sum, operation) => sum + bytesOfLocal(operation), 0);
  return remote.reduce((sum, { op, id }) => sum + bytesOfRemote(trees, op, id), down);
}

export function bytesOfLocal(operation: LocalOperation): number {
  const isWritten = operation.op === "create" || operation.op === "replace";
  return isWritten && operation.remote.kind === "file" ? operation.remote.sizeBytes : 0;
}

export function bytesOfRemote({ local }: Pick<Trees, "local">, op: string, id: NodeId | undefined): number {
  const row = (op === "put" || op === "create") && id !== undefined ? local.get(id) : undefined;
  return row?.kind === "file" ? row.fingerprint.sizeBytes : 0;
}

export function pathOfOperation(trees: Trees, operation: LocalOperation): string {
  if (operation.op !== "create") return pathOfNode(trees, operation.id) ?? operation.local.name;
  const { parent, name } = operation.place;
  return joinPath(parent === trees.rootId ? "" : (pathOfNode(trees, parent) ?? ""), name);
}
