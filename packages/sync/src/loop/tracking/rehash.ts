import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";
import { contentOfBlocks } from "../../model/content.ts";
import { pathOf } from "../../model/tree-paths.ts";
import { folderOf } from "@holdfast/sync-ports/paths";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { sameFingerprint } from "../../model/fingerprints.ts";
import type { SyncState } from "../../state/sync-state.ts";
import type { LocalRow } from "../../model/trees.ts";
import type { DirtyPathTracker } from "./dirty-path-tracker.ts";
import { type Problem, problemOf } from "../reports/problems.ts";

export interface RehashParts {
  readonly disk: Pick<LocalDisk, "stat" | "readAt" | "cut">;
  readonly state: SyncState;
  readonly dirty: DirtyPathTracker;
  readonly nowMs: () => number;
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
  readonly limits?: RehashLimits;
}

interface RehashLimits {
  /** Time between the starts of two passes. */
  readonly everyMs: number;
  /** Bytes read after each full scan. */
  readonly sliceBytes: number;
  readonly bytesPerSecond: number;
  /** Bytes read between two pauses. */
  readonly atOnceBytes: number;
}

const mib = 1024 * 1024;
/** 8.5 minutes of each hour during a pass: 1.3 TiB a week. */
const usualLimits: RehashLimits = {
  everyMs: 7 * 24 * 3600_000,
  sliceBytes: 8192 * mib,
  bytesPerSecond: 16 * mib,
  atOnceBytes: 8 * mib,
};
/** Opening a file costs about as much as reading this many bytes. */
const fileBytesMin = 64 * 1024;
const restMsMax = 60_000;
const foundMax = 20;
/** Most bytes that are read again after a kill. */
const keptEveryBytes = 1024 * mib;

/** Stored in the setting `rehash`. */
interface Pass {
  /** Start of this pass, or of the next one. */
  readonly atMs: number;
  /** undefined: no pass is running. Nodes up to `after` are done, and the blocks of `id` before the index `block`. */
  readonly reached?: { readonly after: string; readonly id?: string; readonly block?: number };
  /** Paths where this or the last pass found other bytes. */
  readonly found: readonly string[];
  /** Paths of the previous pass, until this one ends. */
  readonly before?: readonly string[];
}

/**
 * Reads every file once a week and compares it with its known content. File times do not show writes through memory
 * maps, reset times or failing disks. Runs at limited speed while idle after a full scan. The next scan reads differing
 * files again and treats them as edits.
 */
export class Rehash {
  readonly #parts: RehashParts;
  readonly #limits: RehashLimits;
  #leftBytes = 0;
  #unkeptBytes = 0;
  #burst = { bytes: 0, sinceMs: 0 };

  constructor(parts: RehashParts) {
    this.#parts = parts;
    this.#limits = parts.limits ?? usualLimits;
  }

  /** Called after a full scan with nothing left to do. */
  allowSlice(): void {
    this.#leftBytes = this.#limits.sliceBytes;
    const { state, nowMs } = this.#parts;
    const pass = passOf(state);
    // The first sync has read everything. A start too far ahead: the clock was set back.
    if (pass === undefined || pass.atMs - nowMs() > this.#limits.everyMs) {
      this.#keep({ atMs: nowMs() + this.#limits.everyMs, found: pass?.found ?? [] });
    }
  }

  /** @returns true if something must be scanned again */
  async run(signal: AbortSignal): Promise<boolean> {
    const { state, nowMs } = this.#parts;
    const pass = passOf(state);
    if (this.#leftBytes <= 0 || pass === undefined || pass.atMs > nowMs()) return false;
    this.#burst = { bytes: 0, sinceMs: nowMs() };
    const isNew = pass.reached === undefined;
    const begun = isNew ? { atMs: nowMs(), reached: { after: "" }, found: [], before: pass.found } : pass;
    try {
      return await this.#read(begun, signal);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      // The position was not saved, so reading resumes at the saved one.
      return false;
    }
  }

  async #read(begun: Pass, signal: AbortSignal): Promise<boolean> {
    const { state, dirty, nowMs } = this.#parts;
    const first = begun.reached ?? { after: "" };
    const { found } = begun;
    let after = first.after;
    for (const [id, row] of state.local.entriesAfter(after)) {
      const from = first.id === id ? (first.block ?? 0) : 0;
      const path = this.#readable(id, row);
      const result = path === undefined ? "equal" : await this.#compare(path, row, { from, signal });
      if (typeof result === "number") {
        this.#keep({ ...begun, reached: { after, id, block: result } });
        return false;
      }
      after = id;
      const reached = { after };
      if (result !== "equal" && path !== undefined) {
        const more = result === "other" ? [path, ...found].slice(0, foundMax) : found;
        const settings = [setting({ ...begun, reached, found: more })];
        state.commit({ local: [[id, { ...row, readState: "racy" }]], settings });
        dirty.add(new Set([folderOf(path)]));
        return true;
      }
      if (this.#unkeptBytes >= keptEveryBytes) this.#keep({ ...begun, reached });
    }
    this.#keep({ atMs: Math.max(nowMs(), begun.atMs + this.#limits.everyMs), found });
    this.#leftBytes = 0;
    return false;
  }

  #readable(id: NodeId, row: LocalRow): string | undefined {
    const { state } = this.#parts;
    const isQuiet = row.kind === "file" && row.readState === "known" && !state.unsynced.has(id);
    return isQuiet && !state.dormant.has(id) ? pathOf(state, id) : undefined;
  }

  /** @returns the block index at which it was stopped */
  async #compare(
    path: string,
    row: LocalRow,
    { from, signal }: { readonly from: number; readonly signal: AbortSignal },
  ): Promise<"equal" | "other" | "unreadable" | number> {
    const { disk, state } = this.#parts;
    const isKnown = async (): Promise<boolean> => {
      const stat = await disk.stat(path);
      return stat !== undefined && sameFingerprint(stat.fingerprint, row.fingerprint);
    };
    try {
      // A scan finds files that show a change.
      if (!(await isKnown())) return "equal";
      const blocks = state.manifests.blocksOf(row.content);
      if (blocks === undefined) {
        const isEqual = contentOfBlocks((await disk.cut(path)).blocks) === row.content;
        await this.#pace(row.fingerprint.sizeBytes, signal);
        return isEqual || !(await isKnown()) ? "equal" : "other";
      }
      let offset = blocks.slice(0, from).reduce((sum, { size }) => sum + size, 0);
      let read = 0;
      for (const [index, { hash, size }] of blocks.entries()) {
        if (index < from) continue;
        if (signal.aborted || this.#leftBytes <= 0) return index;
        if (sha256(await disk.readAt(path, offset, size)) !== hash) return (await isKnown()) ? "other" : "equal";
        offset += size;
        read += size;
        await this.#pace(size, signal);
      }
      await this.#pace(Math.max(0, fileBytesMin - read), signal);
      return "equal";
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      return signal.aborted ? from : "unreadable";
    }
  }

  /** Pauses at least as long as it has read. */
  async #pace(bytes: number, signal: AbortSignal): Promise<void> {
    const { nowMs, sleep } = this.#parts;
    const { bytesPerSecond, atOnceBytes } = this.#limits;
    this.#leftBytes -= bytes;
    this.#unkeptBytes += bytes;
    this.#burst.bytes += bytes;
    if (this.#burst.bytes < atOnceBytes) return;
    const tookMs = Math.max(0, nowMs() - this.#burst.sinceMs);
    const dueMs = (this.#burst.bytes / bytesPerSecond) * 1000;
    await sleep(Math.min(restMsMax, Math.max(tookMs, dueMs - tookMs)), signal);
    this.#burst = { bytes: 0, sinceMs: nowMs() };
  }

  #keep(pass: Pass): void {
    this.#unkeptBytes = 0;
    this.#parts.state.commit({ settings: [setting(pass)] });
  }
}

/** Problems for information; nothing waits for them. */
export function problemsOfRehash(state: Pick<SyncState, "setting">): Problem[] {
  const pass = passOf(state);
  return [...new Set([...(pass?.found ?? []), ...(pass?.before ?? [])])].map((path) =>
    problemOf(path, "silent_change", silent),
  );
}

const silent =
  "The content changed, but the modification time did not: a program wrote through a memory map, the time was set back, or the disk is failing. " +
  "The content was synced as a new version; 'holdfast versions' lists the previous one.";

function passOf(state: Pick<SyncState, "setting">): Pass | undefined {
  const text = state.setting("rehash");
  return text === undefined ? undefined : (JSON.parse(text) as Pass);
}

function setting(pass: Pass): readonly [string, string] {
  return ["rehash", JSON.stringify(pass)];
}
