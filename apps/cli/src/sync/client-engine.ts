import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { type CodecPool, startCodecPool } from "@holdfast/codec/pool";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { freeSpaceAt } from "@holdfast/disk/free-space";
import { openRemoteSpace, type RemoteSpace } from "@holdfast/remote-space/remote-space";
import { Engine } from "@holdfast/sync/loop/engine/engine";
import type { EngineOptions } from "@holdfast/sync/loop/engine/engine-options";
import { type MissingFeatures, noMissingFeatures } from "@holdfast/sync/model/missing-features";
import { narrowToSubtree } from "@holdfast/sync/remote/subtree";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { isLive } from "@holdfast/sync/model/trees";
import { openSyncedFolder } from "@holdfast/synced-folder/open-synced-folder";
import { probeFolder } from "@holdfast/synced-folder/probe-folder";
import { type Connection, openTransport, systemClock } from "../config/connection.ts";
import { healDamaged } from "./heal-damaged.ts";
import { isCopiedMarker } from "./is-copied-marker.ts";
import type { KnownSync, SyncRecord } from "./known-syncs.ts";
import type { BandwidthLimits } from "./open-sync.ts";
import { missingFeaturesOf, requireAbilities, slotKeyOf } from "./root-abilities.ts";

export interface ClientEngine {
  readonly engine: Engine;
  readonly heal: (signal: AbortSignal) => Promise<number>;
  readonly changeLimits: (limits: BandwidthLimits) => void;
  /** Bytes in both directions since opening. */
  readonly travelledBytes: () => number;
  close(): Promise<void>;
}

export async function openClientEngine(
  sync: KnownSync,
  connection: Connection,
  limits: BandwidthLimits,
  hears: Pick<EngineOptions, "onDone" | "onHidden">,
): Promise<ClientEngine> {
  const abilities = probeFolder(sync.record.root);
  requireAbilities(sync.record.root, abilities);
  const open: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const each of open.toReversed()) await each();
  };
  try {
    const database = new DatabaseSync(join(sync.folder, stateName));
    open.push(() => database.close());
    const state = new SyncState(database, sync.record.remote_id as NodeId);
    const pool = startCodecPool();
    open.push(() => pool.close());
    const space = await openSpace(connection, pool, limits);
    open.push(() => space.close());
    const disk = openSyncedFolder(sync.record.root, { pool });
    const isCopied = isCopiedMarker(sync.record.root, connection.configFolder);
    const own = { isCopied, slotKey: slotKeyOf(abilities), missingFeatures: missingFeaturesOf(abilities) };
    return {
      engine: makeEngine(sync.record, { space, state, disk, ...hears, ...own }),
      heal: (signal) => healDamaged({ client: connection.client, server: space, state, disk }, signal),
      changeLimits: (changed) => space.changeLimits(changed),
      travelledBytes: () => space.traffic.sentBytes + space.traffic.receivedBytes,
      close,
    };
  } catch (thrown) {
    await close();
    throw isDamage(thrown) ? damagedState(join(sync.folder, stateName), thrown) : thrown;
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB, https://www.sqlite.org/rescode.html */
function isDamage(thrown: unknown): thrown is Error {
  return thrown instanceof Error && "errcode" in thrown && [11, 26].includes(Number(thrown.errcode) & 0xff);
}

function damagedState(path: string, cause: Error): HoldfastError {
  const message =
    `The state of this sync is damaged (${cause.message}). Move ${path} away and start the sync again: the folder is merged with the server ` +
    `like a new one, and nothing is deleted. Set its exclusions again.`;
  return new HoldfastError("failed", message, { cause });
}

/** Engine's database, in the folder of the sync. */
export const stateName = "state.sqlite";

export interface Parts {
  readonly space: RemoteSpace;
  readonly state: SyncState;
  readonly disk: LocalDisk;
  readonly slotKey?: EngineOptions["slotKey"];
  readonly missingFeatures?: MissingFeatures;
  readonly isCopied?: EngineOptions["isCopied"];
  readonly onDone?: EngineOptions["onDone"];
  readonly onHidden?: EngineOptions["onHidden"];
  /** Nothing is written to the disk, not even to determine its time. */
  readonly isPreview?: boolean;
}

export function makeEngine(
  record: SyncRecord,
  {
    space,
    state,
    disk,
    slotKey = nameKey,
    missingFeatures = noMissingFeatures,
    isCopied,
    onDone,
    onHidden,
    isPreview = false,
  }: Parts,
): Engine {
  const { rootId } = state;
  const isAll = rootId === space.rootId;
  const view = {
    rootId,
    isKnown: (id: NodeId) => state.remote.has(id),
    isLive: (id: NodeId) => isLive(state, id),
    shares: state.shares,
  };
  return new Engine({
    disk: isPreview ? { ...disk, now: async () => BigInt(Date.now()) * 1_000_000n } : disk,
    server: isAll ? space : narrowToSubtree(space, view),
    state,
    random: pooledRandom(),
    nowMs: () => Date.now(),
    sleep: (durationMs, signal) => delay(durationMs, undefined, { signal }).catch(() => undefined),
    makeNodeId: (beside = rootId) => space.makeNodeId(beside),
    isIdFor: (id, beside = rootId) => bucketOf(id) === bucketOf(beside),
    device: record.device,
    boot: bootId(),
    identity: { serverId: record.server_id, accountId: record.account_id },
    slotKey,
    missingFeatures,
    isCopied,
    brake: record.brake ?? undefined,
    freeSpace: async () => freeSpaceAt(record.root),
    onDone,
    onHidden,
  });
}

/** undefined on systems other than Linux. */
function bootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}

const poolBytes = 4096;

/** Draws many bytes at a time, because a system call costs more than an id. No byte is returned twice. */
function pooledRandom(): Random {
  let pool = new Uint8Array(0);
  let used = 0;
  return (lengthBytes) => {
    if (lengthBytes > poolBytes / 16) return randomBytes(lengthBytes);
    if (used + lengthBytes > pool.length) [pool, used] = [randomBytes(poolBytes), 0];
    used += lengthBytes;
    return pool.subarray(used - lengthBytes, used);
  };
}

export function openSpace(
  { server, trust, readTrust, tokens }: Connection,
  pool: CodecPool,
  { upBytesPerSecond, downBytesPerSecond }: BandwidthLimits,
): Promise<RemoteSpace> {
  return openRemoteSpace({
    transport: openTransport(server, { trust, readTrust }),
    tokens,
    pool,
    clock: systemClock,
    random: pooledRandom(),
    wait: (delayMs, signal) => delay(delayMs, undefined, signal === undefined ? {} : { signal }),
    limitUpBytesPerSecond: upBytesPerSecond,
    limitDownBytesPerSecond: downBytesPerSecond,
  });
}
