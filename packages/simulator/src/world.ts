import { DatabaseSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { Engine, type EngineOptions } from "@holdfast/sync/engine/engine";
import { type Faults, noFaults } from "@holdfast/sync/faults";
import type { Lack, Lacks } from "@holdfast/sync/lacks";
import type { Server } from "@holdfast/sync/ports";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { Chances } from "./chances.ts";
import { checkBitsSent } from "./bit-oracle.ts";
import { ailingDisk } from "./ailing-disk.ts";
import { Ledger } from "./ledger.ts";
import { ModelServer } from "./model-server.ts";
import type { Nodes } from "./model-tree.ts";
import { everybody, homeOf, spaceOf } from "./model-shares.ts";
import { makeNetwork, type Trouble } from "./network.ts";
import { checkSent, checkSentInto, checkVersion } from "./share-oracle.ts";
import { Person } from "./person.ts";
import { type Life, Scheduler } from "./scheduler.ts";
import { SimulatedRoot } from "./simulated-root.ts";
import { foldCase } from "./shown-names.ts";
import { smallPatches } from "./small-patches.ts";
import { cutPower } from "./power-cut.ts";

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
  readonly faults?: Faults;
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

const names = ["a", "b", "c.txt", "d", "e.txt"];
const confusableNames = ["a", "A", "b", "c.txt", "C.txt", "e\u0301.txt", "\u00e9.txt", "\u00c9.txt"];

/** A server, some devices with the real engine on simulated disks, and people who work on them; all of it follows from the seed. */
export class World {
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
  /** Ids and contents that came back since somebody put a folder back to how it was. */
  readonly broughtBack = new Set<string>();
  /** The server was restored from a backup. */
  wasRestored = false;
  /** Folders that came from no device. */
  readonly madeInBrowsers = new Set<string>();
  outage: ReturnType<Trouble["outage"]> = "none";
  readonly chances: Chances;
  readonly life: Life = { isAlive: true, name: "world" };
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.chances = new Chances(options.seed, options.without);
    this.scheduler = new Scheduler(this.chances, options.engine?.portions !== undefined);
    this.ledger = new Ledger(() => this.scheduler.nowMicros);
    this.model.shares.nowMs = () => this.scheduler.nowMs();
    if (this.hasShares) this.model.onVersion = (account, content) => checkVersion(this, account, content);
    this.model.onCommit = () => {
      this.writes += 1;
      this.notice(`the server stands at ${this.model.seq}`);
    };
    for (const account of new Set(this.#accounts())) this.model.addAccount(account);
    for (let number = 0; number < (options.devices ?? 2); number += 1) this.devices.push(this.#makeDevice(number));
  }

  /** Of each call, from 0 to 1. */
  get troubleRate(): number {
    return this.isTroubled ? (this.#options.troubleRate ?? 0.05) : 0;
  }

  get isWatchful(): boolean {
    return this.#options.isWatchful === true;
  }

  get isVersatile(): boolean {
    return this.#options.isVersatile === true;
  }

  get isSelective(): boolean {
    return this.#options.isSelective === true;
  }

  get hasShares(): boolean {
    return this.#options.shares !== undefined && this.#options.shares !== false;
  }

  get hasRights(): boolean {
    return this.hasShares && this.#options.rights === true;
  }

  get handsOver(): boolean {
    return this.hasRights && this.#options.handsOver === true;
  }

  /** Nobody gets more than the right to read. */
  get isReadOnly(): boolean {
    return this.#options.shares === "read_only";
  }

  #accounts(): readonly string[] {
    const { accounts, seed } = this.#options;
    if (!this.hasShares) return accounts ?? [];
    return seed % 2 === 0 ? ["ada", "bob", "bob"] : ["ada", "bob", "ada"];
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

  /** The process dies, or with it the power; a while later it starts again. */
  crash(device: Device, isPowerCut: boolean): void {
    this.notice(`${device.name} ${isPowerCut ? "loses its power" : "is killed"}`);
    const { tape } = this.chances.next(`end of ${device.name}`);
    this.scheduler.kill(device.life);
    if (isPowerCut) cutPower(this, device, tape);
    void this.scheduler.sleep(this.life, tape() * 3_000_000).then(() => this.start(device));
  }

  close(): void {
    for (const device of this.devices) {
      this.scheduler.kill(device.life);
      device.database.close();
    }
  }

  start(device: Device): void {
    const life: Life = { isAlive: true, name: device.name };
    const state = new SyncState(device.database, homeOf(device.account) as NodeId);
    const engine = this.makeEngine(device, life, state);
    const run = engine.run().catch((error: unknown) => {
      this.violate(
        `the engine of ${device.name} broke: ${error instanceof Error ? (error.stack ?? error.message) : "?"}`,
      );
    });
    Object.assign(device, { life, engine, state, run });
  }

  /** For a test that runs it itself. */
  makeEngine(device: Device, life: Life, state: SyncState, changes: Partial<EngineOptions> = {}): Engine {
    const { scheduler, chances } = this;
    const tape = chances.tape(`engine of ${device.name}`);
    return new Engine({
      disk: ailingDisk(this, device, life),
      server: this.makeServer(device, life),
      state,
      random: (length) => Uint8Array.from({ length }, () => Math.floor(tape() * 256)),
      nowMs: () => scheduler.nowMs() + Math.floor(device.ills.skewMicros / 1000),
      sleep: (durationMs) => scheduler.sleep(life, durationMs * 1000),
      makeNodeId: (beside) => `${this.model.fresh(`${device.name}-`)}${this.#spaceSuffix(device, beside)}` as NodeId,
      isIdFor: (id, beside) => id.endsWith(this.#spaceSuffix(device, beside)),
      device: device.name,
      identity: { serverId: "model", accountId: device.account },
      boot: String(device.root.boots),
      slotKey: this.foldsCase(device.name) ? foldCase : nameKey,
      brake: "off",
      faults: this.#options.faults ?? noFaults,
      lacks: this.lacksOf(device.name),
      patches: smallPatches,
      ...this.#options.engine,
      ...changes,
    });
  }

  /** As an id tells on which shard its node lies; of one space nothing. */
  #spaceSuffix({ account }: Device, beside: NodeId | undefined): string {
    return this.model.shares.accounts.size > 1 ? `@${spaceOf(this.model.nodes, beside ?? homeOf(account))}` : "";
  }

  /** How a disk tells names apart; others do by their bytes, and engines take normal forms for one everywhere. */
  foldsCase(device: string): boolean {
    const { foldsCase } = this.#options;
    return foldsCase === "all" || (foldsCase === "first" && device === firstDevice);
  }

  lacksOf(device: string): Lacks {
    const isLast = this.#options.isLastWhole !== false && device === deviceNames[(this.#options.devices ?? 2) - 1];
    return new Set(isLast ? [] : this.#options.lacks);
  }

  hasBits(device: string): boolean {
    return !this.lacksOf(device).has("executable bits");
  }

  get hasConfusableNames(): boolean {
    return this.#options.confusableNames === true;
  }

  makeServer(device: Device, life: Life): Server {
    const { name, account } = device;
    const { scheduler, chances } = this;
    const trouble: Trouble = {
      rate: () => this.troubleRate,
      outage: () => this.outage,
      next: (kind) => chances.next(kind),
      happens: (key) => chances.happens(key),
      notice: (what) => this.notice(what),
    };
    const server = makeNetwork(this.model, scheduler, { device: name, account, life, world: this.life, trouble });
    const commit: Server["commit"] = (epoch, operations, blocks) => {
      if (this.hasShares) checkSent(this, device, operations);
      checkBitsSent(this, device, operations);
      return server.commit(epoch, operations, blocks);
    };
    if (!this.hasShares) return { ...server, commit };
    return {
      ...server,
      commit,
      missingBlocks: (hashes, into, growthBytes) => {
        checkSentInto(this, device, into);
        return server.missingBlocks(hashes, into, growthBytes);
      },
      putBlocks: (blocks, into) => {
        checkSentInto(this, device, into);
        return server.putBlocks(blocks, into);
      },
    };
  }

  #makeDevice(number: number): Device {
    const name = deviceNames[number] ?? `device${number}`;
    const { scheduler, ledger, chances } = this;
    const ills: Ills = {
      sick: undefined,
      fullUntilMicros: 0,
      readOnlyUntilMicros: 0,
      isAway: false,
      skewMicros: Math.floor((chances.tape(`clock of ${name}`)() - 0.5) * 20_000_000),
    };
    const root = new SimulatedRoot({
      nowMicros: () => scheduler.nowMicros,
      skewMicros: () => ills.skewMicros,
      key: this.foldsCase(name) ? foldCase : String,
      isDurable: this.#options.isVolatile !== true,
      hasExecutableBits: this.hasBits(name),
    });
    const hints = chances.tape(`watcher of ${name}`);
    const changed = (): void => {
      const chance = this.isWatchful ? 0 : hints();
      // Three times in four the watcher says where; one change in five it does not notice at all.
      if (chance < 0.6) device.engine.hint(root.touched);
      else if (chance < 0.8) device.engine.hint();
      root.touched.clear();
    };
    const notice = (what: string): void => this.notice(what);
    const given = this.hasConfusableNames ? confusableNames : names;
    const person = new Person({
      name,
      root,
      ledger,
      scheduler,
      names: given,
      notice,
      changed,
      isVersatile: this.isVersatile,
      isSelective: this.isSelective,
      isSharing: this.hasRights,
      lacks: new Set(this.#options.lacks),
    });
    const database = new DatabaseSync(":memory:");
    const account = this.#accounts()[number] ?? everybody;
    const device = { name, account, root, person, database, ills, isActive: false } as Device;
    this.start(device);
    return device;
  }
}

const deviceNames = ["ada", "bob", "cyd"];
const [firstDevice = ""] = deviceNames;
