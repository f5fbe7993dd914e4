import { Chances } from "./chances.ts";
import { Ledger } from "./ledger.ts";
import { ModelServer } from "./model-server.ts";
import type { Nodes } from "./model-tree.ts";
import type { Trouble } from "./network.ts";
import { type Life, Scheduler } from "./scheduler.ts";
import type { Lack, Lacks } from "@holdfast/sync/model/lacks";
import type { Engine } from "@holdfast/sync/loop/engine";
import type { EngineOptions } from "@holdfast/sync/loop/engine-options";
import type { SimulatedRoot } from "./simulated-root.ts";
import type { Person } from "./person.ts";
import type { DatabaseSync } from "node:sqlite";
import type { SyncState } from "@holdfast/sync/state/sync-state";

export interface WorldOptions {
  readonly seed: number;
  readonly devices?: number;
  /** Two accounts, which share folders with each other; `read_only`: only to look at. */
  readonly shares?: boolean | "read_only";
  /** Of shared folders other rights are given at folders below, rights end by themselves, and accounts are suspended for a while. */
  readonly rights?: boolean;
  /** Folders are also given to another owner and put back to how they were, groups are shared with, and files alone; people join groups and leave them. */
  readonly handsOver?: boolean;
  /** Whose each device is; undefined: all are of one account, or of two that share. */
  readonly accounts?: readonly string[];
  /** Of each call of the network and the disk that it goes wrong; 0: a world without trouble. */
  readonly troubleRate?: number;
  /** Of which devices the disks fold case. */
  readonly foldsCase?: "none" | "first" | "all";
  /** What the disks of all devices but the last cannot do. */
  readonly lacks?: readonly Lack[];
  /** False: the last one's neither. */
  readonly isLastWhole?: boolean;
  /** People give names that differ only in case, or only in their Unicode form. */
  readonly confusableNames?: boolean;
  /** The watchers notice every change, so that what is deleted and what is moved can be told apart. */
  readonly isWatchful?: boolean;
  /** A power cut may take what a person did, as long as nobody has made it durable. */
  readonly isVolatile?: boolean;
  /** People do more than what everybody does all day, devices are paused and switched off, and the server has its moods. */
  readonly isVersatile?: boolean;
  /** People take the rights of others away, and give them again. */
  readonly isSecretive?: boolean;
  /** Devices leave out paths and want them again, and people write rules of what is not to be synced. */
  readonly isSelective?: boolean;
  /** What the engines are told besides. */
  readonly engine?: Partial<EngineOptions>;
  /** Keys of acts and faults that are left out. */
  readonly without?: readonly string[];
}

/** What is wrong with a device for a while; times in microseconds of true time. */
export interface Ills {
  /** A path that cannot be read. */
  sick: { readonly path: string; readonly untilMicros: number } | undefined;
  /** Nothing new can be written. */
  fullUntilMicros: number;
  /** Nothing can be changed. */
  readOnlyUntilMicros: number;
  /** Another, empty folder is in the place of the root. */
  isAway: boolean;
  /** Of its clock against true time. */
  skewMicros: number;
}

export interface Device {
  readonly name: string;
  /** Whose tree it syncs. */
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

/** What there is in a world, and what befell it; who looks after it needs no more. */
export abstract class WorldState {
  readonly scheduler: Scheduler;
  readonly model = new ModelServer();
  readonly ledger: Ledger;
  readonly devices: Device[] = [];
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  /** Changes of a disk by an engine, and commits: nothing of that happens at rest. */
  writes = 0;
  isTroubled = false;
  /** What people did beside the devices. */
  deeds = 0;
  /** Of what they did about shares how often each kind came to pass. */
  readonly kindsOfDeeds = new Map<string, number>();
  /** What was everywhere at some moments, the last ones of this server. */
  moments: Nodes[] = [];
  /** Ids and contents that came back since somebody put a folder back to how it was, or by a power cut. */
  readonly broughtBack = new Set<string>();
  /** The server was restored from a backup. */
  wasRestored = false;
  /** Folders that came from no device. */
  readonly madeInBrowsers = new Set<string>();
  outage: ReturnType<Trouble["outage"]> = "none";
  readonly chances: Chances;
  readonly life: Life = { isAlive: true, name: "world" };
  protected readonly options: WorldOptions;

  constructor(options: WorldOptions) {
    this.options = options;
    this.chances = new Chances(options.seed, options.without);
    this.scheduler = new Scheduler(this.chances, options.engine?.portions !== undefined);
    this.ledger = new Ledger(() => this.scheduler.nowMicros);
  }

  /** The process dies, or with it the power; a while later it starts again. */
  abstract crash(device: Device, isPowerCut: boolean): void;

  /** Of each call, from 0 to 1. */
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

  /** Nobody gets more than the right to read. */
  get isReadOnly(): boolean {
    return this.options.shares === "read_only";
  }

  did(kind: string): void {
    this.kindsOfDeeds.set(kind, (this.kindsOfDeeds.get(kind) ?? 0) + 1);
  }

  /** To which a folder may be put back. */
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

  /** How a disk tells names apart; others do by their bytes, and engines take normal forms for one everywhere. */
  foldsCase(device: string): boolean {
    const { foldsCase } = this.options;
    return foldsCase === "all" || (foldsCase === "first" && device === firstDevice);
  }

  lacksOf(device: string): Lacks {
    const isLast = this.options.isLastWhole !== false && device === deviceNames[(this.options.devices ?? 2) - 1];
    return new Set(isLast ? [] : this.options.lacks);
  }

  hasBits(device: string): boolean {
    return !this.lacksOf(device).has("executable bits");
  }

  hasPrivateModes(device: string): boolean {
    return !this.lacksOf(device).has("private modes");
  }

  get hasConfusableNames(): boolean {
    return this.options.confusableNames === true;
  }
}

export const deviceNames = ["ada", "bob", "cyd"];
const [firstDevice = ""] = deviceNames;
