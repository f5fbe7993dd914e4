import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "@holdfast/core/clock";
import { type HashHex, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { NodeJson } from "@holdfast/protocol/values";
import { type Kysely, sql } from "kysely";
import type { Actor } from "../actor.ts";
import { hashArray, int8Array } from "../../base/db/array-parameters.ts";
import type { ShardTables, SpaceRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { type Committer, openCommitter } from "../commit/commit-queue.ts";
import { createSpace } from "../commit/create-space.ts";
import { type PieceSizes, pieceSizes } from "../commit/piece-sizes.ts";
import type { Operation, OperationResult } from "../commit/operation.ts";

export const noBlocks = {
  blocks: {
    holdAlso: () => Promise.reject(new Error("There are no blocks here.")),
    anyDamaged: () => Promise.resolve(false),
    lost: () => Promise.resolve(new Set<HashHex>()),
  },
};

export class TestClock implements Clock {
  #micros = 1_900_000_000_000_000;

  nowMs(): number {
    return Math.floor(this.nowMicros() / 1000);
  }

  nowMicros(): number {
    this.#micros += 1;
    return this.#micros;
  }

  advanceMs(ms: number): void {
    this.#micros += ms * 1000;
  }
}

interface TestSpaceParts {
  readonly clock: TestClock;
  readonly pieces: PieceSizes;
}

export interface TestSpaceOptions extends Partial<TestSpaceParts> {
  readonly quotaBytes?: number | null;
}

/** A few rows already need several pieces. */
export const smallPieces: PieceSizes = {
  uploadBlocksMax: 2,
  uploadsMax: 1,
  nodesInlineMax: 2,
  nodesMax: 2,
  copiedNodesMax: 1,
  segmentsMax: 1,
  rowsMax: 1,
  candidatesMax: 2,
  changedNodesMax: 2,
  measuredNodesMax: 2,
};

export class TestSpace {
  readonly db: Kysely<ShardTables>;
  readonly caller: Actor;
  readonly clock: TestClock;
  readonly committer: Committer;
  readonly committed: number[] = [];

  constructor(db: Kysely<ShardTables>, shards: Shards, row: SpaceRow, { clock, pieces }: TestSpaceParts) {
    this.db = db;
    this.clock = clock;
    this.caller = callerOf(row);
    this.committer = openCommitter({
      ...noBlocks,
      shards,
      clock,
      random: randomBytes,
      onCommitted: (_, seq) => this.committed.push(seq),
      log: { warn: () => {}, error: () => {} },
      pieces,
    });
  }

  otherDevice(): Actor {
    return { ...this.caller, deviceId: newTestId() };
  }

  async commit(operations: readonly Operation[], caller = this.caller): Promise<readonly OperationResult[]> {
    return (await this.committer.commit(caller, operations)).results;
  }

  async do(operation: Operation, caller = this.caller): Promise<NodeJson> {
    const [result] = await this.commit([operation], caller);
    if (result?.status === "committed" && result.node !== undefined) return result.node;
    throw new Error(`not committed: ${describe(result)}`);
  }

  async refused(operation: Operation, caller = this.caller): Promise<{ code: string; node: NodeJson | undefined }> {
    const [result] = await this.commit([operation], caller);
    if (result?.status !== "conflict" && result?.status !== "error")
      throw new Error(`not refused: ${describe(result)}`);
    return { code: result.error.code, node: result.error.body["node"] as NodeJson | undefined };
  }

  async mkdir(parentId: string, name: string): Promise<NodeJson> {
    return this.do({ op: "mkdir", place: { parentId, name } });
  }

  /** Creates a file with this text as its only block, which is stored first. */
  async put(parentId: string, name: string, text: string): Promise<NodeJson> {
    return this.do({ op: "put", place: { parentId, name }, content: await this.content(text) });
  }

  async content(text: string): Promise<{ sizeBytes: number; blocks: ManifestEntry[] }> {
    const content = contentOfText(text);
    await this.store(content.blocks);
    return content;
  }

  async store(blocks: readonly ManifestEntry[]): Promise<void> {
    await storeBlocks(this.db, this.caller, blocks);
  }

  async row(): Promise<SpaceRow> {
    const { rows } = await sql<SpaceRow>`select * from shard.spaces where id = ${this.caller.spaceId}`.execute(this.db);
    if (rows[0] === undefined) throw new Error("the space is gone");
    return rows[0];
  }
}

export async function makeTestSpace(
  shards: Shards,
  { quotaBytes = null, clock = new TestClock(), pieces = pieceSizes }: TestSpaceOptions = {},
): Promise<TestSpace> {
  const ownerId = newTestId<UserId>();
  const { db } = shards.ofId(ownerId);
  const row = await createSpace(db, { ownerId, quotaBytes, clock, random: randomBytes });
  return new TestSpace(db, shards, row, { clock, pieces });
}

/** All ids have the same bucket, so they belong to one owner. */
export function newTestId<Id extends ReturnType<typeof makeId>>(): Id {
  return makeId<Id>(toBucket(7), 1_900_000_000_000, randomBytes(8));
}

export function contentOfText(text: string): { sizeBytes: number; blocks: ManifestEntry[] } {
  const size = Buffer.byteLength(text);
  const hash = createHash("sha256").update(text).digest("hex") as HashHex;
  return { sizeBytes: size, blocks: size === 0 ? [] : [{ hash, size }] };
}

/** Stores rows as after an upload: unreferenced, but counted. */
export async function storeBlocks(
  db: Kysely<ShardTables>,
  { spaceId, userId }: Actor,
  blocks: readonly ManifestEntry[],
): Promise<void> {
  await sql`
    with added as (
      insert into shard.space_blocks (space_id, hash, size, refs, stamp, since, uploader)
      select ${spaceId}::uuid, v.hash, v.size, 0, 1, 0, ${userId}::uuid
      from unnest(${hashArray(blocks.map((block) => block.hash))},
        ${int8Array(blocks.map((block) => block.size))}) as v (hash, size)
      on conflict do nothing returning size
    )
    update shard.spaces set stored_bytes = stored_bytes + (select coalesce(sum(size), 0) from added)
    where id = ${spaceId}`.execute(db);
}

export function describe(result: OperationResult | undefined): string {
  if (result === undefined) return "no result";
  if ("error" in result) return `${result.status} ${result.error.code}: ${result.error.message}`;
  return JSON.stringify(result);
}

function callerOf(row: SpaceRow): Actor {
  return {
    userId: row.owner_id,
    bucket: toBucket(7),
    spaceId: row.id,
    rootId: row.root_id,
    deviceId: newTestId(),
    owns: true,
    grantees: [row.owner_id],
    receives: false,
  };
}
