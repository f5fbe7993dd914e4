import { randomBytes } from "node:crypto";
import type { Clock } from "@holdfast/core/clock";
import { sha256 } from "@holdfast/core/hash";
import { makeId, type NodeId, type SpaceId, toBucket, type UserId } from "@holdfast/core/ids";
import { SimulatedDisk } from "@holdfast/disk/simulated-disk";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { sql } from "kysely";
import type { Cell, Databases } from "../base/db/shards.ts";
import { type BlockCells, openBlockCells } from "./cells/open-block-cells.ts";
import type { BlockLog } from "./facts/block-log.ts";
import type { IncomingBlock } from "./format/incoming-block.ts";
import { type BlockPool, startBlockPool } from "./format/block-tasks.ts";
import { type OpenBlockService, openBlockService } from "./service/open-block-service.ts";
import type { CrashPoint } from "./write/pack-writer.ts";
import { retentionUsual } from "../base/config/retention-settings.ts";

export function makeTestClock(): Clock & { forwardMs(byMs: number): void } {
  let aheadMs = 0;
  return {
    nowMs: () => Date.now() + aheadMs,
    nowMicros: () => (Date.now() + aheadMs) * 1000,
    forwardMs: (byMs) => void (aheadMs += byMs),
  };
}

export interface BlockWorldOptions {
  readonly databases: Databases;
  readonly store: ObjectStore | ((cell: Cell) => ObjectStore);
  readonly clock?: Clock;
  readonly log?: BlockLog;
  readonly crashPoint?: CrashPoint;
  readonly bytesInFlightMax?: number;
}

export interface BlockWorld {
  readonly cells: BlockCells;
  readonly service: OpenBlockService;
}

export function startTestPool(): BlockPool {
  return startBlockPool(2);
}

export async function openBlockWorld(pool: BlockPool, options: BlockWorldOptions): Promise<BlockWorld> {
  const { databases, store, clock = makeTestClock(), log = silentBlockLog, crashPoint, bytesInFlightMax } = options;
  const cells = await openBlockCells({
    cells: databases.cells,
    storeOf: typeof store === "function" ? store : () => store,
    keySource: { disk: new SimulatedDisk(), path: "/key-encryption-key", variable: testKey },
    clock,
    random: randomBytes,
    log,
  });
  const service = openBlockService({
    unreferencedMs: retentionUsual.blocksMs,
    cells,
    shards: databases.shards,
    pool,
    clock,
    random: randomBytes,
    log,
    ...(crashPoint === undefined ? {} : { crashPoint }),
    ...(bytesInFlightMax === undefined ? {} : { bytesInFlightMax }),
  });
  return { cells, service };
}

export const silentBlockLog: BlockLog = { info: () => {}, warn: () => {}, error: () => {} };

const testKey = Buffer.alloc(32, 7).toString("base64");

export async function makeSpace(
  { shards }: Pick<Databases, "shards">,
  quotaBytes: number | null = null,
): Promise<{ spaceId: SpaceId; userId: UserId; rootId: NodeId }> {
  const bucket = toBucket(randomBytes(2).readUInt16BE() % 4096);
  const spaceId = makeId<SpaceId>(bucket, Date.now(), randomBytes(8));
  const userId = makeId<UserId>(bucket, Date.now(), randomBytes(8));
  const rootId = makeId<NodeId>(bucket, Date.now(), randomBytes(8));
  await sql`insert into shard.spaces (id, owner_id, root_id, epoch, quota_bytes, created_at)
    values (${spaceId}, ${userId}, ${rootId}, 'e', ${quotaBytes}::int8, 0)`.execute(shards.ofId(spaceId).db);
  return { spaceId, userId, rootId };
}

export function blockOf(payload: Uint8Array): IncomingBlock {
  return { hash: sha256(payload), sizeBytes: payload.length, codec: "raw", payload, verified: false };
}
