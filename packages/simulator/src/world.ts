import { HoldfastError } from "@holdfast/core/errors";
import { DatabaseSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { Engine, type EngineOptions } from "@holdfast/sync/engine/engine";
import { type Faults, noFaults } from "@holdfast/sync/faults";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { makeEngineDisk } from "./engine-disk.ts";
import { Ledger } from "./ledger.ts";
import { ModelServer } from "./model-server.ts";
import { makeNetwork, type Trouble } from "./network.ts";
import { Person } from "./person.ts";
import { type Life, makeTapes, Scheduler, type Tape } from "./scheduler.ts";
import { type Inode, SimulatedRoot } from "./simulated-root.ts";
import { contentOf } from "./small-blocks.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly devices?: number;
  readonly faults?: Faults;
  /** Of each call of the network and the disk that it goes wrong; 0: a world without trouble. */
  readonly troubleRate?: number;
  readonly foldsCase?: boolean;
  /** What the engines are told besides. */
  readonly engine?: Partial<EngineOptions>;
}

export interface Device {
  readonly name: string;
  readonly root: SimulatedRoot;
  readonly person: Person;
  readonly database: DatabaseSync;
  life: Life;
  /** Its person works in this round. */
  isActive: boolean;
  /** A path that cannot be read for a while. */
  sick: { readonly path: string; readonly untilMicros: number } | undefined;
  engine: Engine;
  state: SyncState;
  run: Promise<void>;
}

const names = ["a", "b", "c.txt", "d", "e.txt"];

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
  outage: ReturnType<Trouble["outage"]> = "none";
  readonly tapes: { readonly work: Tape; readonly order: Tape; readonly faults: Tape };
  readonly life: Life = { isAlive: true, name: "world" };
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.tapes = makeTapes(options.seed);
    this.scheduler = new Scheduler(this.tapes.order);
    this.ledger = new Ledger(() => this.scheduler.nowMicros);
    this.model.onCommit = () => {
      this.writes += 1;
      this.notice(`the server stands at ${this.model.seq}`);
    };
    for (let number = 0; number < (options.devices ?? 2); number += 1) this.devices.push(this.#makeDevice(number));
  }

  notice(what: string): void {
    this.trace.push(`${this.scheduler.nowMicros} ${what}`);
  }

  violate(what: string): void {
    this.notice(`VIOLATION: ${what}`);
    this.violations.push(what);
  }

  /** The process dies, or with it the power; a while later it starts again. */
  crash(device: Device, isPowerCut: boolean): void {
    this.notice(`${device.name} ${isPowerCut ? "loses its power" : "is killed"}`);
    this.scheduler.kill(device.life);
    if (isPowerCut) device.root.crash(this.tapes.faults);
    if (isPowerCut) this.#checkWhole(device);
    void this.scheduler.sleep(this.life, this.tapes.faults() * 3_000_000).then(() => this.#start(device));
  }

  close(): void {
    for (const device of this.devices) {
      this.scheduler.kill(device.life);
      device.database.close();
    }
  }

  #makeDevice(number: number): Device {
    const name = ["ada", "bob", "cyd"][number] ?? `device${number}`;
    const skewMicros = Math.floor((this.tapes.faults() - 0.5) * 20_000_000);
    const key = this.#options.foldsCase === true && number === 0 ? foldCase : nameKey;
    const root = new SimulatedRoot({ nowMicros: () => this.scheduler.nowMicros, skewMicros: () => skewMicros, key });
    const changed = (): void => {
      const chance = this.tapes.order();
      // Three times in four the watcher says where; one change in five it does not notice at all.
      if (chance < 0.6) device.engine.hint(root.touched);
      else if (chance < 0.8) device.engine.hint();
      root.touched.clear();
    };
    const { scheduler, ledger, tapes } = this;
    const notice = (what: string): void => this.notice(what);
    const person = new Person({ name, root, ledger, scheduler, work: tapes.work, names, notice, changed });
    const database = new DatabaseSync(":memory:");
    const device = { name, root, person, database, isActive: false } as Device;
    this.#start(device);
    return device;
  }

  #start(device: Device): void {
    const life: Life = { isAlive: true, name: device.name };
    const state = new SyncState(device.database, this.model.rootId as NodeId);
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
    const { scheduler, tapes } = this;
    const faults = this.#options.faults ?? noFaults;
    const trouble: Trouble = {
      rate: () => this.#rate(),
      outage: () => this.outage,
      tape: tapes.faults,
      notice: (what) => this.notice(what),
    };
    const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(tapes.order() * 256));
    return new Engine({
      disk: makeEngineDisk(device.root, this.#watch(device, life)),
      server: makeNetwork(this.model, scheduler, { device: device.name, life, world: this.life, trouble }),
      state,
      random,
      nowMs: () => scheduler.nowMs(),
      sleep: (durationMs) => scheduler.sleep(life, durationMs * 1000),
      makeNodeId: () => this.model.fresh(`${device.name}-`) as NodeId,
      device: device.name,
      identity: { serverId: "model", accountId: "everybody" },
      slotKey: this.#options.foldsCase === true && device.name === "ada" ? foldCase : nameKey,
      brake: "off",
      faults,
      ...this.#options.engine,
      ...changes,
    });
  }

  #rate(): number {
    return this.isTroubled ? (this.#options.troubleRate ?? 0.05) : 0;
  }

  #watch(device: Device, life: Life): Parameters<typeof makeEngineDisk>[1] {
    const { scheduler } = this;
    const mayDie = async (): Promise<void> => {
      if (!this.isTroubled || this.tapes.faults() >= this.#rate() * 0.06) return;
      this.crash(device, this.tapes.faults() < 0.5);
      await new Promise<never>(() => undefined);
    };
    return {
      before: async (call, path) => {
        await scheduler.work(life, 300);
        if (!isLook(call)) await mayDie();
        if (!isLook(call)) this.notice(`${device.name}: ${call} ${path}`);
        if (this.isTroubled && device.isActive) this.#interfere(device, call, path);
        const isSick = device.sick?.path === path && device.sick.untilMicros > scheduler.nowMicros;
        if (isSick || (this.isTroubled && this.tapes.faults() < this.#rate() * 0.05)) this.#fail(device, call, path);
      },
      after: async (call) => {
        if (isLook(call)) return;
        if (call !== "now" && !call.startsWith("sync")) this.writes += 1;
        await mayDie();
      },
      dropping: (inode, path) => this.#checkDrop(device, inode, path),
      shown: (inode, path) => this.#checkShown(device, inode, path),
    };
  }

  #interfere(device: Device, call: string, path: string): void {
    const chance = this.tapes.faults();
    const [from = "", to = ""] = path.split(/ <?-> /);
    const target = call === "exchange" ? to : from;
    if (!isLook(call) && !target.startsWith(".holdfast") && chance < 0.1) device.person.interfere(target);
    // What moves while a look is on its way through the folders may be seen twice, or never.
    else if (chance < (call === "list" ? 0.05 : 0.003)) device.person.interfere(undefined);
  }

  #fail(device: Device, call: string, path: string): never {
    const isOver = (device.sick?.untilMicros ?? 0) <= this.scheduler.nowMicros;
    const isLasting = isOver && isLook(call) && !path.startsWith(".holdfast") && this.tapes.faults() < 0.5;
    if (isLasting) Object.assign(device, { sick: { path, untilMicros: this.scheduler.nowMicros + 4_000_000 } });
    this.notice(`the disk of ${device.name} fails to ${call} ${path}`);
    throw new HoldfastError("unavailable", `Could not ${call} ${path} (EIO).`);
  }

  /** Invariant 2: what loses its last name here is kept elsewhere. */
  #checkDrop(device: Device, { kind, now }: Inode, path: string): void {
    if (kind !== "file") return;
    const key = contentOf(now.bytes);
    if (!this.ledger.written.has(key) || this.model.contents.has(key)) return;
    const elsewhere = [...device.root.visible().values()].some((other) => contentOf(other.now.bytes) === key);
    if (!elsewhere && now.bytes.length > 0)
      this.violate(`${device.name} dropped the only copy of ${key.slice(0, 12)} at ${path}`);
  }

  /** Invariant 8: what a person sees is whole. */
  #checkShown(device: Device, { kind, now }: Inode, path: string): void {
    if (kind !== "file") return;
    const key = contentOf(now.bytes);
    const isWhole = this.ledger.written.has(key) || this.ledger.states.has(key) || this.model.contents.has(key);
    if (!isWhole) this.violate(`${device.name} shows something torn at ${path}`);
  }

  #checkWhole(device: Device): void {
    for (const [path, inode] of device.root.visible()) this.#checkShown(device, inode, path);
  }
}

function isLook(call: string): boolean {
  return ["stat", "list", "open", "read", "readAt", "readLink"].includes(call);
}

export function foldCase(name: string): string {
  return nameKey(name).toLowerCase();
}
