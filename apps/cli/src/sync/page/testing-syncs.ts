import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlChannel, openControlChannel } from "../control-channel.ts";
import { type KnownSync, saveRecord, type SyncRecord } from "../known-syncs.ts";
import type { HowFar } from "../progress-meter.ts";
import type { SyncReport, WaitingDeletion } from "../report.ts";
import type { SyncControl } from "../sync-control.ts";
import { viewOf } from "./sync-view.ts";

export class ShownSync implements SyncControl {
  readonly sync: KnownSync;
  readonly calls: string[] = [];
  now: SyncReport;
  deletions: readonly WaitingDeletion[] = [];
  progress: (Omit<HowFar, "looked"> & Partial<HowFar>) | undefined;
  limits = { up: 0, down: 0 };

  constructor(sync: KnownSync) {
    this.sync = sync;
    const { root, server, account, device } = sync.record;
    const nothing = { page_url: null, pending_files: 0, problems: [], conflicts: [], deletions_waiting: 0 };
    this.now = { root, server, account, device, state: "idle", last_sync_at: "2026-01-31T12:00:00Z", ...nothing };
  }

  report(): SyncReport {
    return this.now;
  }

  view(): ReturnType<SyncControl["view"]> {
    const { up, down } = this.limits;
    const limits = { upBytesPerSecond: up || undefined, downBytesPerSecond: down || undefined };
    const progress = this.progress === undefined ? undefined : { looked: "", ...this.progress };
    return viewOf(this.sync, { report: this.now, deletions: this.deletions, limits, progress });
  }

  async pause(): Promise<void> {
    this.calls.push("pause");
    this.now = { ...this.now, state: "paused" };
  }

  async resume(): Promise<void> {
    this.calls.push("resume");
    this.now = { ...this.now, state: "idle" };
  }

  waitingDeletions(): readonly WaitingDeletion[] {
    return this.deletions;
  }

  async approveDeletions(ids: readonly string[]): Promise<void> {
    this.calls.push(`approve ${ids.join()}`);
    this.deletions = [];
  }

  async undoDeletions(ids: readonly string[]): Promise<void> {
    this.calls.push(`undo ${ids.join()}`);
  }

  async resolveConflict(path: string, keep: string): Promise<object> {
    this.calls.push(`keep ${keep} of ${path}`);
    this.now = { ...this.now, conflicts: this.now.conflicts.filter((each) => each !== path) };
    return {};
  }

  async changeLimits({ up, down }: { readonly up: number | null; readonly down: number | null }): Promise<void> {
    this.calls.push(`limits ${up} ${down}`);
    this.limits = { up: up ?? 0, down: down ?? 0 };
  }

  async approveRules(hash: string): Promise<void> {
    this.calls.push(`rules ${hash}`);
  }

  async changeExclusions(change: object): Promise<void> {
    this.calls.push(`exclusions ${JSON.stringify(change)}`);
  }
}

export class ShownConfiguration {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-page-"));
  readonly #channels: ControlChannel[] = [];

  async addStopped(key: string): Promise<KnownSync> {
    const [folder, root] = [join(this.folder, "sync", key), join(this.folder, "home", key)];
    for (const each of [folder, root]) mkdirSync(each, { recursive: true });
    const record: SyncRecord = {
      root,
      server: "https://drive.example",
      server_id: "s",
      account_id: "a",
      account: "ann@example.org",
      device: "laptop",
      remote: "",
      remote_id: "r",
      brake: null,
      is_paused: false,
      limit_up: null,
      limit_down: null,
      marker: null,
    };
    await saveRecord(folder, record);
    return { folder, record };
  }

  async add(key: string): Promise<{ readonly shown: ShownSync; readonly channel: ControlChannel }> {
    const sync = await this.addStopped(key);
    const shown = new ShownSync(sync);
    const of = { folder: sync.folder, root: sync.record.root, configFolder: this.folder };
    const channel = await openControlChannel(of, shown);
    this.#channels.push(channel);
    return { shown, channel };
  }

  async close(): Promise<void> {
    for (const channel of this.#channels) await channel.close();
    rmSync(this.folder, { recursive: true });
  }
}

export function writeLog({ folder }: KnownSync, lines: readonly object[]): void {
  writeFileSync(join(folder, "log.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
