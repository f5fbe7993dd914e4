import assert from "node:assert/strict";
import type { NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { Brakes } from "@holdfast/sync/brakes/brakes";
import type { ContentKey } from "@holdfast/sync/model/trees";
import { clearCopies, type Cleared } from "@holdfast/sync/loop/engine/clear-copies";
import type { Engine } from "@holdfast/sync/loop/engine/engine";
import type { EngineOptions } from "@holdfast/sync/loop/engine/engine-options";
import type { OnceResult } from "@holdfast/sync/loop/engine/run-once";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { ailingDisk } from "./ailing-disk.ts";
import { homeOf } from "./model-shares.ts";
import { serverTree } from "./oracle.ts";
import type { Life } from "./scheduler.ts";
import { cutSmall } from "./small-blocks.ts";
import { World } from "./world.ts";
import type { Device, WorldOptions } from "./world-state.ts";
import type { SimulatedRoot } from "./simulated-root.ts";

const minute = 60_000_000;

type PutTarget =
  | { readonly id?: NodeId; readonly parent_id: string; readonly name: string }
  | { readonly file_id: string; readonly base_version: string | undefined };

/** A world without trouble in which one device has no engine. A test creates and runs it. */
export class Alone {
  readonly world: World;
  readonly life: Life = { isAlive: true, name: "test" };
  readonly #device: Device;
  /** Server's response to a device that removes its copies. */
  knownContents: readonly ContentKey[] = [];
  onQuestion: () => void = () => undefined;

  constructor(options: Partial<WorldOptions> = {}, beside?: World) {
    this.world = beside ?? new World({ seed: 1, devices: 1, troubleRate: 0, ...options });
    const device = this.world.devices.at(beside === undefined ? 0 : 1);
    assert.ok(device !== undefined);
    this.world.scheduler.kill(device.life);
    this.#device = device;
  }

  other(): Alone {
    return new Alone({}, this.world);
  }

  get root(): SimulatedRoot {
    return this.#device.root;
  }

  make(changes: Partial<EngineOptions> = {}): Engine {
    return this.world.makeEngine(this.#device, this.life, this.#state(), changes);
  }

  /** Returns the brakes as another command uses them while no engine runs. */
  brakes(): Brakes {
    return new Brakes(this.#state(), undefined, () => this.world.scheduler.nowMs());
  }

  #state(): SyncState {
    return new SyncState(this.#device.database, homeOf(this.#device.account) as NodeId);
  }

  /** Acts like the client of a signed-out device that must remove its copies. */
  clear(): Promise<Cleared> {
    const { scheduler, model } = this.world;
    return this.pass(
      clearCopies({
        epoch: model.epoch,
        disk: this.disk(),
        server: this.server(),
        state: this.#state(),
        random: (length) => Buffer.alloc(length, model.fresh("")),
        device: this.#device.name,
        nowMs: () => scheduler.nowMs(),
        makeNodeId: () => model.fresh("cleared ") as NodeId,
        missingFeatures: this.world.missingFeaturesOf(this.#device.name),
        unrecordedChanges: { arePossible: true },
        filesystem: { device: undefined },
        identity: { serverId: "model", accountId: this.#device.account },
        sleep: (durationMs) => scheduler.sleep(this.life, durationMs * 1000),
        openPaths: () => Promise.resolve(new Set<string>()),
        onServer: () => {
          this.onQuestion();
          return Promise.resolve(new Set(this.knownContents));
        },
      }),
    );
  }

  server(): Server {
    return this.world.makeServer(this.#device, this.life);
  }

  /** Returns the disk as an engine sees it. */
  disk(): LocalDisk {
    return ailingDisk(this.world, this.#device, this.life);
  }

  once(changes: Partial<EngineOptions> = {}): Promise<OnceResult> {
    return this.pass(this.make(changes).runOnce());
  }

  async pass<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    settled.catch(() => undefined);
    const { scheduler } = this.world;
    await scheduler.runUntil(scheduler.nowMicros + 30 * minute, () => isSettled);
    assert.ok(isSettled, "it does not end within 30 minutes");
    return settled;
  }

  /** Ends the process after the server accepted a request and before the response. */
  diesUnanswered(changes: Partial<EngineOptions> = {}): Promise<void> {
    const server = this.server();
    return this.pass(
      new Promise<void>((resolve) => {
        const commit: Server["commit"] = async (...given) => {
          await server.commit(...given);
          resolve();
          return new Promise(() => undefined);
        };
        void this.make({ ...changes, server: { ...server, commit } }).runOnce();
      }),
    );
  }

  write(path: string, text: string): void {
    const { ledger } = this.world;
    const inode = this.root.at(path) ?? this.root.create(path, "file", true);
    ledger.write(this.root, inode, Buffer.from(text));
    ledger.close(this.root, inode, false);
  }

  /** Writes other bytes of the same length without changing any time. */
  writeSilently(path: string, text: string): void {
    const inode = this.root.mustBeAt(path);
    const bytes = Buffer.from(text);
    assert.equal(bytes.length, inode.now.bytes.length);
    this.write("unrelated", text);
    Object.assign(inode, { now: { ...inode.now, bytes }, durable: { ...inode.durable, bytes } });
  }

  mkdir(path: string): void {
    this.root.create(path, "folder", true);
  }

  move(from: string, to: string): void {
    this.root.rename(from, to, { over: false, isPersons: true });
  }

  remove(path: string): void {
    this.world.ledger.discard(this.root, this.root.mustBeAt(path));
    this.root.remove(path, true);
  }

  read(path: string): string {
    return Buffer.from(this.root.mustBeAt(path).now.bytes).toString();
  }

  writeOnServer(path: string, text: string): void {
    const file_id = this.serverId(path);
    this.putOnServer(text, { file_id, base_version: this.world.model.nodes.get(file_id)?.versionId ?? undefined });
  }

  putOnServer(text: string, target: PutTarget): void {
    const { model } = this.world;
    const bytes = Buffer.from(text);
    let start = 0;
    const blocks = cutSmall(bytes).map(({ hash, size }) => {
      model.putBlocks([{ hash, bytes: bytes.subarray(start, (start += size)) }]);
      return { hash, size };
    });
    this.onServer({ op: "put", operation_id: model.fresh("another's "), ...target, size: bytes.length, blocks });
  }

  moveOnServer(file_id = "", name: string, parent_id: string = this.world.model.rootId): void {
    this.onServer({ op: "move", operation_id: this.world.model.fresh("another's "), file_id, parent_id, name });
  }

  onServer(operation: BatchOperationInput, account = this.#device.account): void {
    const { model } = this.world;
    const [result] = model.commit("another", model.epoch, [operation], [], account).results;
    assert.equal(result?.status, "committed");
  }

  /** Makes the path unusable for the engine for an hour. */
  fails(path: string | undefined): void {
    const untilMicros = this.world.scheduler.nowMicros + 60 * minute;
    this.#device.ills.sick = path === undefined ? undefined : { path, untilMicros };
  }

  serverId(path: string, account = this.#device.account): string {
    const parts = path.split("/");
    let id = homeOf(account);
    for (const name of parts) {
      const node = [...this.world.model.nodes.values()].find(
        (each) => each.parentId === id && each.name === name && !each.trashed,
      );
      assert.ok(node !== undefined, `${path} is on the server`);
      id = node.id;
    }
    return id;
  }

  serverPaths(): string[] {
    return [...serverTree(this.world.model.nodes).keys()].toSorted();
  }

  serverContents(): Map<string, string> {
    const { model } = this.world;
    return new Map(
      this.serverPaths().map((path) => {
        const versionId = model.nodes.get(this.serverId(path))?.versionId ?? "";
        const blocks = (model.versions.get(versionId) ?? []).map(
          (entry) => model.blocks.get(entry.hash) ?? Buffer.alloc(0),
        );
        return [path, Buffer.concat(blocks).toString()] as const;
      }),
    );
  }

  diskPaths(): string[] {
    return [...this.root.visible().keys()].toSorted();
  }

  close(): void {
    this.world.close();
  }
}
