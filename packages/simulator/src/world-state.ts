import { Chances } from "./chances.ts";
import { Ledger } from "./ledger.ts";
import { ModelServer } from "./model-server.ts";
import type { Nodes } from "./model-tree.ts";
import type { Trouble } from "./network.ts";
import { type Life, Scheduler } from "./scheduler.ts";
import type { DiskFeature, MissingFeatures } from "@holdfast/sync/model/missing-features";
import type { Engine } from "@holdfast/sync/loop/engine/engine";
import type { EngineOptions } from "@holdfast/sync/loop/engine/engine-options";
import type { SimulatedRoot } from "./simulated-root.ts";
import type { Person } from "./person.ts";
import type { DatabaseSync } from "node:sqlite";
import type { SyncState } from "@holdfast/sync/state/sync-state";

export interface WorldOptions {
  readonly seed: number;
  readonly devices?: number;
  /** Two accounts that share folders; `read_only`: viewers only. */
  readonly shares?: boolean | "read_only";
  /** Shared folders have other rights below, rights expire, and accounts are suspended for a while. */
  readonly rights?: boolean;
  /** Folders are also transferred and rewound, and groups and single files are shared. People join and leave groups. */
  readonly handsOver?: boolean;
  /** Owner of each device; undefined: one account, or two that share. */
  readonly accounts?: readonly string[];
  /** Probability of a fault per network and disk call; 0: none. */
  readonly troubleRate?: number;
  /** Devices whose disks fold case. */
  readonly foldsCase?: "none" | "first" | "all";
  /** Features that the disks of all devices but the last lack. */
  readonly missingFeatures?: readonly DiskFeature[];
  /** false: the last disk lacks them too */
  readonly isLastWhole?: boolean;
  /** People give names that differ only in case or Unicode form. */
  readonly confusableNames?: boolean;
  /** Watchers notice every change, so deletions and moves can be distinguished. */
  readonly isWatchful?: boolean;
  /** A power failure may undo a person's unsynced acts. */
  readonly isVolatile?: boolean;
  /** People do more, devices are paused and switched off, and the server has faults. */
  readonly isVersatile?: boolean;
  /** People make items private and public. */
  readonly isSecretive?: boolean;
  readonly isSelective?: boolean;
  readonly engine?: Partial<EngineOptions>;
  /** Keys of omitted acts and faults. */
  readonly without?: readonly string[];
}

/** Temporary faults of a device; times in microseconds of true time. */
export interface Ills {
  /** An unreadable path. */
  sick: { readonly path: string; readonly untilMicros: number } | undefined;
  fullUntilMicros: number;
  readOnlyUntilMicros: number;
  /** Another, empty folder replaces the root. */
  isAway: boolean;
  skewMicros: number;
}

export interface Device {
  readonly name: string;
  /** Account of the synced tree. */
  readonly account: string;
  readonly root: SimulatedRoot;
  readonly person: Person;
  readonly database: DatabaseSync;
  readonly ills: Ills;
  life: Life;
  /** Its person works in this round. */
  isActive: boolean;
  engine: Engine;
  state: SyncState;
  run: Promise<void>;
}

const momentsMax = 5;

export abstract class WorldState {
  readonly scheduler: Scheduler;
  readonly model = new ModelServer();
  readonly ledger: Ledger;
  readonly devices: Device[] = [];
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  /** Changes of a disk by an engine, and commits. None happen when idle. */
  writes = 0;
  isTroubled = false;
  /** Acts of people outside of the devices. */
  deeds = 0;
  readonly kindsOfDeeds = new Map<string, number>();
  /** Last states of this server to which folders may be rewound. */
  moments: Nodes[] = [];
  /** Ids and contents that returned by a rewind or a power failure. */
  readonly broughtBack = new Set<string>();
  /** The server was restored from a backup. */
  wasRestored = false;
  readonly madeInBrowsers = new Set<string>();
  outage: ReturnType<Trouble["outage"]> = "none";
  readonly chances: Chances;
  readonly life: Life = { isAlive: true, name: "world" };
  protected readonly options: WorldOptions;

  constructor(options: WorldOptions) {
    this.options = options;
    this.chances = new Chances(options.seed, options.without);
    this.scheduler = new Scheduler(this.chances, options.engine?.memoryLimits !== undefined);
    this.ledger = new Ledger(() => this.scheduler.nowMicros);
  }

  /** Kills the process or cuts the power; it restarts after a while. */
  abstract crash(device: Device, isPowerCut: boolean): void;

  /** Probability for each call, from 0 to 1. */
  get troubleRate(): number {
    return this.isTroubled ? (this.options.troubleRate ?? 0.05) : 0;
  }

  get isWatchful(): boolean {
    return this.options.isWatchful === true;
  }

  get isVersatile(): boolean {
    return this.options.isVersatile === true;
  }

  get isSecretive(): boolean {
    return this.options.isSecretive === true;
  }

  get isSelective(): boolean {
    return this.options.isSelective === true;
  }

  get hasShares(): boolean {
    return this.options.shares !== undefined && this.options.shares !== false;
  }

  get hasRights(): boolean {
    return this.hasShares && this.options.rights === true;
  }

  get handsOver(): boolean {
    return this.hasRights && this.options.handsOver === true;
  }

  get isReadOnly(): boolean {
    return this.options.shares === "read_only";
  }

  did(kind: string): void {
    this.kindsOfDeeds.set(kind, (this.kindsOfDeeds.get(kind) ?? 0) + 1);
  }

  noteMoment(): void {
    if (this.handsOver) this.moments = [...this.moments.slice(1 - momentsMax), new Map(this.model.nodes)];
  }

  notice(what: string): void {
    this.trace.push(`${Math.floor(this.scheduler.nowMicros)} ${what}`);
  }

  violate(what: string): void {
    this.notice(`VIOLATION: ${what}`);
    this.violations.push(what);
  }

  /** Returns true for a case-folding disk. Others compare bytes, and engines treat Unicode forms as equal everywhere. */
  foldsCase(device: string): boolean {
    const { foldsCase } = this.options;
    return foldsCase === "all" || (foldsCase === "first" && device === firstDevice);
  }

  missingFeaturesOf(device: string): MissingFeatures {
    const isLast = this.options.isLastWhole !== false && device === deviceNames[(this.options.devices ?? 2) - 1];
    return new Set(isLast ? [] : this.options.missingFeatures);
  }

  hasBits(device: string): boolean {
    return !this.missingFeaturesOf(device).has("executable bits");
  }

  hasPrivateModes(device: string): boolean {
    return !this.missingFeaturesOf(device).has("private modes");
  }

  get hasConfusableNames(): boolean {
    return this.options.confusableNames === true;
  }
}

export const deviceNames = ["ada", "bob", "cyd"];
const [firstDevice = ""] = deviceNames;
