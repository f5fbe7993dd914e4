import { type Device, deviceNames, type Ills, type WorldOptions, WorldState } from "./world-state.ts";
import { DatabaseSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { Engine } from "@holdfast/sync/loop/engine/engine";
import type { EngineOptions } from "@holdfast/sync/loop/engine/engine-options";
import type { Server } from "@holdfast/sync-ports/ports";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { checkBitsSent, checkOpeningsSent } from "./bit-oracle.ts";
import { ailingDisk } from "./ailing-disk.ts";
import { everybody, homeOf, spaceOf } from "./model-shares.ts";
import { makeNetwork, type Trouble } from "./network.ts";
import { checkSent, checkSentInto, checkVersion } from "./share-oracle.ts";
import { Person } from "./person.ts";
import type { Life } from "./scheduler.ts";
import { SimulatedRoot } from "./simulated-root.ts";
import { foldCase } from "./shown-names.ts";
import { smallPatches } from "./small-patches.ts";
import { cutPower } from "./power-cut.ts";

const names = ["a", "b", "c.txt", "d", "e.txt"];
const confusableNames = ["a", "A", "b", "c.txt", "C.txt", "e\u0301.txt", "\u00e9.txt", "\u00c9.txt"];

/** A server, devices with the real engine on simulated disks, and people. Everything follows from the seed. */
export class World extends WorldState {
  constructor(options: WorldOptions) {
    super(options);
    this.model.shares.nowMs = () => this.scheduler.nowMs();
    if (this.hasShares) this.model.onVersion = (account, content) => checkVersion(this, account, content);
    this.model.onCommit = () => {
      this.writes += 1;
      this.notice(`the server stands at ${this.model.seq}`);
    };
    for (const account of new Set(this.#accounts())) this.model.addAccount(account);
    for (let number = 0; number < (options.devices ?? 2); number += 1) this.devices.push(this.#makeDevice(number));
  }

  #accounts(): readonly string[] {
    const { accounts, seed } = this.options;
    if (!this.hasShares) return accounts ?? [];
    return seed % 2 === 0 ? ["ada", "bob", "bob"] : ["ada", "bob", "ada"];
  }

  override crash(device: Device, isPowerCut: boolean): void {
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
      missingFeatures: this.missingFeaturesOf(device.name),
      patches: smallPatches,
      ...this.options.engine,
      ...changes,
    });
  }

  /** Simulates the shard in an id; empty for a single space. */
  #spaceSuffix({ account }: Device, beside: NodeId | undefined): string {
    return this.model.shares.accounts.size > 1 ? `@${spaceOf(this.model.nodes, beside ?? homeOf(account))}` : "";
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
      checkOpeningsSent(this, device, operations);
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
      isDurable: this.options.isVolatile !== true,
      hasExecutableBits: this.hasBits(name),
      hasPrivateModes: this.hasPrivateModes(name),
    });
    const hints = chances.tape(`watcher of ${name}`);
    const changed = (): void => {
      const chance = this.isWatchful ? 0 : hints();
      // The watcher reports the folder for 60 % of the changes, no folder for 20 %, and misses 20 %.
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
      missingFeatures: new Set(this.options.missingFeatures),
    });
    const database = new DatabaseSync(":memory:");
    const account = this.#accounts()[number] ?? everybody;
    const device = { name, account, root, person, database, ills, isActive: false } as Device;
    this.start(device);
    return device;
  }
}
